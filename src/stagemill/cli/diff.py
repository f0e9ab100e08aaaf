"""`stagemill diff`: what one image, stage or build has that another has not."""

from __future__ import annotations

import json
import os
from functools import partial

import click

from stagemill.cli.frame.command import Command, examples
from stagemill.cli.frame.environment import workplace
from stagemill.cli.frame.values import Values
from stagemill.cli.given.options import add_build_options
from stagemill.cli.making.building import BuildFlags
from stagemill.cli.sizing import changes, sides
from stagemill.insight import difference

_EXAMPLES = examples(
    {
        "stagemill diff app:1 app:2": "two images of the store",
        "stagemill diff docker://r.example/app .": "what a build here changes",
        "stagemill diff 6 7": "two builds of stagemill builds; 6:app is a stage",
        "stagemill diff :build :run": "two stages of the last build",
        "stagemill diff target:build target:run": "two stages of the Dockerfile here, which are built",
        "stagemill diff --json app:1 app:2": "for programs",
    }
)


@partial(add_build_options, context=click.Argument(["names"], nargs=2, metavar="A B"))
@click.command("diff", cls=Command, epilog=_EXAMPLES)
@click.option("--top", type=click.IntRange(min=1), metavar="N", help="How many lines of each part are shown. [all]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--exit-code", is_flag=True, help="Leave with status 1 where there is a difference.")
def command(**given: object) -> int:
    """Show what B has that A has not, and the other way round: config, packages, files.

    A and B are images of the store, addresses (docker://NAME, oci:DIR, oci-archive:FILE), builds that were (N, N:STAGE,
    :STAGE of the last one), paths, which are built, or target:STAGE, a stage of what is built here. Of a file its kind,
    mode, owner, size, bytes, target and attributes count, not its time.
    """
    values = Values({**given, "context": "."})
    names = values.texts("names")
    build = BuildFlags.of(values, os.environ)
    with workplace() as place:
        sides.refuse_idle_beside(names, place, own={"names", "exit_code"})
        before, after = (sides.look(name, values, build, place) for name in names)
    found = difference.compare(before.size, after.size, sides.configs(before, after))
    if values.flag("as_json"):
        print(json.dumps(changes.document(found), indent=2))
    else:
        print(changes.everything(found, top=values.number("top") or None))
    return 1 if values.flag("exit_code") and found else 0
