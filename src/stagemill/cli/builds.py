"""`stagemill builds`: the builds that were carried out here."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import click

from stagemill.cli.frame import table
from stagemill.cli.frame.command import Command, examples
from stagemill.cli.frame.environment import workplace
from stagemill.cli.progress.text import harmless
from stagemill.store.builds import KEPT, BuildRow

_EXAMPLES = examples(
    {
        "stagemill builds": "the last ones, the newest first",
        "stagemill builds -n 0 --json > builds.json": "all of them, for programs",
        "stagemill builds -q -n 1": "its number, for why --build",
    }
)
_SHOWN = 20


@click.command("builds", cls=Command, epilog=_EXAMPLES)
@click.option(
    "-n", "--limit", type=click.IntRange(min=0), default=_SHOWN, metavar="N",
    help=f"How many, 0 for all that are kept. [{_SHOWN}]",
)  # fmt: skip
@click.option("-q", "--quiet", is_flag=True, help="Print numbers only.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(*, limit: int, quiet: bool, as_json: bool) -> None:
    """List the builds of this store: when, how long, how many of the steps were cached, and how they ended.

    The 200 latest are kept. What made an image is another thing: stagemill history.
    """
    with workplace() as place:
        rows = place.store.builds.latest(limit or KEPT)
    if as_json:
        print(json.dumps([_document(row) for row in rows], indent=2))
    elif quiet:
        sys.stdout.write("".join(f"{row.number}\n" for row in rows))
    else:
        print(_text(rows, now=time.time()))


def _document(row: BuildRow) -> dict[str, object]:
    context, _, file = row.place.partition("\0")
    return {
        "build": row.number,
        "begun": datetime.fromtimestamp(row.begun, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "seconds": round(row.seconds, 3),
        "result": row.result,
        "targets": row.title.split(),
        "context": context,
        "file": file,
        "ran": row.ran,
        "cached": row.cached,
    }


def _text(rows: Sequence[BuildRow], *, now: float) -> str:
    lines = [
        (
            str(row.number),
            table.age(row.begun, now),
            harmless(row.title),
            harmless(row.place.partition("\0")[0]),
            str(row.ran),
            str(row.cached),
            f"{row.seconds:.1f} s",
            row.result,
        )
        for row in rows
    ]
    heads = ("BUILD", "BEGUN", "TARGET", "CONTEXT", "RAN", "CACHED", "TOOK", "RESULT")
    return table.render(heads, lines, right=(0, 4, 5, 6))
