"""`stagemill du`: what the store takes, and what for."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import click

from stagemill.cli import table
from stagemill.cli.command import examples
from stagemill.cli.environment import workplace
from stagemill.digest import Digest
from stagemill.store.usage import Part

_EXAMPLES = examples(
    {
        "stagemill du": "the largest first",
        "stagemill du --json": "for programs; sizes in bytes, times in seconds since 1970",
    }
)


@click.command("du", epilog=_EXAMPLES)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(*, as_json: bool) -> None:
    """Show what the store takes on the disk, by step, base, cache mount and image; all of it together is the total."""
    from stagemill.execute.travelling import shown
    from stagemill.store.usage import parts

    with workplace() as place:
        found = sorted(parts(place.store, layers_of), key=lambda part: (-part.size, part.kind, part.name))
    rows = [(part, shown(part.name) if part.kind == "mount" else part.name) for part in found]
    if as_json:
        document = [
            {"type": part.kind, "name": name, "size": part.size, "shared": part.shared, "used": part.used or None}
            for part, name in rows
        ]
        print(json.dumps(document, indent=2))
        return
    now = time.time()
    lines = [_row(part, name, now) for part, name in rows]
    print(table.render(("TYPE", "SIZE", "SHARED", "LAST USED", "NAME"), lines, right=(1, 2)))
    print(f"\n{table.size(sum(part.size for part in found))} in total")


def _row(part: Part, name: str, now: float) -> tuple[str, str, str, str, str]:
    used = table.age(part.used, now) if part.used else ""
    return part.kind, table.size(part.size), table.size(part.shared) if part.shared else "", used, name


def layers_of(result: str) -> Iterator[tuple[str, Digest]]:
    """The layers that a cache record's result names."""
    from stagemill.execute.tree import Tree

    return ((layer.form, layer.digest) for layer in Tree.from_json(json.loads(result)).layers)
