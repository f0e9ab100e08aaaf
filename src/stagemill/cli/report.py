"""`stagemill report`: a build as one page, to look at and to send."""

from __future__ import annotations

import json
import sys

import click

from stagemill.cli.frame.command import Command, examples
from stagemill.cli.frame.environment import workplace
from stagemill.cli.reporting import page
from stagemill.cli.reporting.document import report
from stagemill.cli.reporting.writing import PIPE, written
from stagemill.dockerfile.source import printable

_EXAMPLES = examples(
    {
        "stagemill report": "the last build, as report.html",
        "stagemill report --build 7 --against 3 -o seven.html": "build 7 beside build 3",
        "stagemill report --json > build.json": "for programs",
    }
)


@click.command("report", cls=Command, epilog=_EXAMPLES)
@click.option(
    "--build",
    "number",
    type=click.IntRange(min=1),
    metavar="N",
    help="Of this build of stagemill builds; the last one unless given.",
)
@click.option(
    "--against",
    type=click.IntRange(min=1),
    metavar="N",
    help="Compare with this build, and not with the one before it in the same place.",
)
@click.option("-o", "--output", metavar="FILE", help="Where the page goes; - is a pipe. [report.html]")
@click.option("--json", "as_json", is_flag=True, help="Write JSON instead. [to standard output]")
def command(*, number: int | None, against: int | None, output: str | None, as_json: bool) -> None:
    """Write a build as one page: when its steps ran, why, what they wrote and hold, and what differs from the build before.

    The page is one file and asks nobody for anything: it can be opened from a disk, sent, and kept as an artifact of CI. It
    has the Dockerfile and the outputs of RUN in it; look at it before it leaves the house. build --report FILE writes it when
    a build is over.
    """
    if not as_json:
        page.check()
    with workplace() as place:
        found = report(place.store, number, against)
    if as_json:
        written(f"{json.dumps(found.document, indent=2)}\n".encode(), output or "-")
        return
    path = output or "report.html"
    written(page.page(found), path)
    if path != PIPE:
        sys.stderr.write(f"{printable(path)}: the page of {printable(found.picture.heading)}\n")
