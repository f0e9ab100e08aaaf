"""`stagemill inspect`: images as JSON, or in a form of the user's."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import click

from stagemill.cli.docker.description import describe
from stagemill.cli.docker.refused import Refusal, refusing
from stagemill.cli.frame import access
from stagemill.cli.frame.command import Command, examples
from stagemill.cli.frame.environment import workplace
from stagemill.cli.frame.values import Values
from stagemill.cli.given import flags
from stagemill.cli.given.options import with_options
from stagemill.cli.named import naming
from stagemill.errors import NotFoundError, UsageError
from stagemill.oci.platform import Platform
from stagemill.template.evaluate import render
from stagemill.template.parser import parse
from stagemill.template.values import Struct, plain, to_json

_EXAMPLES = examples(
    {
        "stagemill inspect app": "all of it, as JSON",
        "stagemill inspect -f '{{.Id}}' app": "one thing of it",
        "stagemill inspect -f '{{range .Config.Env}}{{println .}}{{end}}' app": "a line for each variable",
        "stagemill inspect app | jq '.[0].Config.Env'": "with jq",
        "stagemill inspect docker://debian:12": "in a registry",
        "stagemill inspect --raw docker://debian:12": "as it is",
    }
)
_OTHERS = Refusal(
    ("--type",),
    "there are images only; a container is there as long as its stagemill run, networks and volumes are nowhere",
    "leave it out, or give --type image",
    harmless=frozenset({"", "image"}),
)


@refusing([_OTHERS])
@with_options(access.options())
@click.command("inspect", cls=Command, epilog=_EXAMPLES)
@click.argument("names", nargs=-1, required=True, metavar="IMAGE…")
@click.option(
    "-f",
    "--format",
    "form",
    metavar="TEMPLATE",
    help="Print a Go template for each image, or json for one line of all.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, as images of the store are shown anyway.")
@click.option("--raw", is_flag=True, help="Print the manifest or the index as it is, byte for byte.")
@click.option("--config", is_flag=True, help="Print the image's config as it is, byte for byte.")
@click.option("--platform", metavar="OS/ARCH", help="Which image of several; this machine's unless given.")
@click.option("-s", "--size", is_flag=True, help="Changes nothing: Size is always there.")
def command(
    *,
    names: tuple[str, ...],
    form: str | None,
    as_json: bool,
    raw: bool,
    config: bool,
    platform: str | None,
    size: bool,
    **given: object,
) -> None:
    """Show images as JSON, with the keys of docker inspect that an image has without a daemon.

    Of an image of several platforms it is one of them, and Manifests lists them all. What is there is shown even where another image is missing.

    An image may be elsewhere too: docker://NAME, oci:DIR[:TAG], oci-archive:FILE, docker-archive:FILE. There it is shown
    with its platforms, sizes and attestations; a template has .Name, .Manifest, .Image, .Provenance and .SBOM.
    """
    from stagemill.places import address

    del size
    wanted = flags.any_platform(platform) if platform else None
    if raw or config or any(map(address.is_address, names)):
        from stagemill.cli.inspection.show import Wanted, show
        from stagemill.cli.named.places import reach

        places = [address.parse(name) for name in names]
        show(places, Wanted(wanted, raw, config, as_json, form or ""), reach(Values(given), places))
        return
    if form and as_json:
        raise UsageError("--format and --json exclude each other", hint="leave one out")
    _show_stored(names, form, wanted)


def _show_stored(names: Sequence[str], form: str | None, platform: Platform | None) -> None:
    """Images of the store, by docker's keys."""
    template = parse(form) if form and form != "json" else None
    found: list[Struct] = []
    failure: NotFoundError | None = None
    with workplace() as place:
        for name in names:
            try:
                _, item = naming.find(place.store, name)
                _, image = naming.find_image(place.store, name, platform)
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
