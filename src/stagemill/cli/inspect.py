"""`stagemill inspect`: images as JSON, or in a form of the user's."""

from __future__ import annotations

import json
import sys

import click

from stagemill.cli import flags, naming
from stagemill.cli.command import Command, examples
from stagemill.cli.description import describe
from stagemill.cli.environment import workplace
from stagemill.cli.refused import Refusal, refusing
from stagemill.errors import NotFoundError
from stagemill.template.evaluate import render
from stagemill.template.parser import parse
from stagemill.template.values import Struct, plain, to_json

_EXAMPLES = examples(
    {
        "stagemill inspect app": "all of it, as JSON",
        "stagemill inspect -f '{{.Id}}' app": "one thing of it",
        "stagemill inspect -f '{{range .Config.Env}}{{println .}}{{end}}' app": "a line for each variable",
        "stagemill inspect app | jq '.[0].Config.Env'": "with jq",
    }
)
_OTHERS = Refusal(
    ("--type",),
    "there are images only; a container is there as long as its stagemill run, networks and volumes are nowhere",
    "leave it out, or give --type image",
    harmless=frozenset({"", "image"}),
)


@refusing([_OTHERS])
@click.command("inspect", cls=Command, epilog=_EXAMPLES)
@click.argument("names", nargs=-1, required=True, metavar="IMAGE…")
@click.option(
    "-f",
    "--format",
    "form",
    metavar="TEMPLATE",
    help="Print a Go template for each image, or json for one line of all.",
)
@click.option("--platform", metavar="OS/ARCH", help="Which image of several; this machine's unless given.")
@click.option("-s", "--size", is_flag=True, help="Changes nothing: Size is always there.")
def command(*, names: tuple[str, ...], form: str | None, platform: str | None, size: bool) -> None:
    """Show images as JSON, with the keys of docker inspect that an image has without a daemon.

    Of an image of several platforms it is one of them, and Manifests lists them all. What is there is shown even where another image is missing.
    """
    del size
    template = parse(form) if form and form != "json" else None
    wanted = flags.any_platform(platform) if platform else None
    found: list[Struct] = []
    failure: NotFoundError | None = None
    with workplace() as place:
        for name in names:
            try:
                _, item = naming.find(place.store, name)
                _, image = naming.find_image(place.store, name, wanted)
                found.append(describe(naming.locate(place.store, name)[1], image, item))
            except NotFoundError as error:
                failure = failure or error
    if template:
        sys.stdout.write("".join(f"{render(template, item)}\n" for item in found))
    elif form == "json":
        print(to_json(found))
    else:
        print(json.dumps(plain(found), indent=4, ensure_ascii=False))
    if failure:
        raise failure
