"""`stagemill du`: what the store takes, and what for."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable

import click

from stagemill.cli.frame import table
from stagemill.cli.frame.command import examples
from stagemill.cli.frame.environment import workplace
from stagemill.cli.given import filtering
from stagemill.store.filters import Filter, Thing
from stagemill.store.store import Store
from stagemill.store.usage import Part
from stagemill.values import dataclass

_EXAMPLES = examples(
    {
        "stagemill du": "the largest first",
        "stagemill du --filter type=mount": "cache mounts; the filters are those of prune",
        "stagemill du --verbose": "with ids, parents, and what is in use",
        "stagemill du --json": "for programs; sizes in bytes, times in seconds since 1970",
    }
)


@click.command("du", epilog=_EXAMPLES)
@click.option("--filter", "filters", multiple=True, metavar="NAME=VALUE", help=filtering.HELP)
@click.option("--verbose", is_flag=True, help="Tell all that is known of each.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(*, filters: tuple[str, ...], verbose: bool, as_json: bool) -> None:
    """Show what the store takes on the disk, by step, base, cache mount and image; all of it together is the total."""
    from stagemill.execute.travelling import shown
    from stagemill.execute.tree import Trees
    from stagemill.store.usage import parts

    now = time.time()
    until, wanted = filtering.parse(filters, now=now)
    with workplace() as place:
        rows = [
            Row(part, shown(part.name) if part.kind == "mount" else part.name, _is_used(part, place.store, now))
            for part in sorted(parts(place.store, Trees().pairs), key=lambda part: (-part.size, part.kind, part.name))
        ]
    rows = [row for row in rows if row.is_meant(until, wanted)]
    if as_json:
        print(json.dumps([row.document() for row in rows], indent=2))
        return
    if verbose:
        print("\n\n".join(row.block(now) for row in rows))
    else:
        lines = [row.line(now) for row in rows]
        print(table.render(("TYPE", "SIZE", "SHARED", "LAST USED", "NAME"), lines, right=(1, 2)))
    print(f"\n{table.size(sum(row.part.size for row in rows))} in total")


@dataclass(frozen=True, slots=True)
class Row:
    """A part of the store, by what people call it; whether somebody holds it now."""

    part: Part
    name: str
    inuse: bool

    def is_meant(self, until: float | None, filters: Iterable[Filter]) -> bool:
        part = self.part
        if until is not None and not 0 < part.used < until:
            return False
        thing = Thing(part.kind, part.id, self.name, lambda: self.inuse, lambda: part.parents, lambda: part.shared > 0)
        return all(each.means(thing) for each in filters)

    def document(self) -> dict[str, object]:
        part = self.part
        known = {"type": part.kind, "name": self.name, "size": part.size, "shared": part.shared}
        return {**known, "used": part.used or None, "id": part.id, "parents": list(part.parents), "inuse": self.inuse}

    def line(self, now: float) -> tuple[str, str, str, str, str]:
        part = self.part
        used = table.age(part.used, now) if part.used else ""
        return part.kind, table.size(part.size), table.size(part.shared) if part.shared else "", used, self.name

    def block(self, now: float) -> str:
        part = self.part
        facts = {
            "Name": self.name,
            "Type": part.kind,
            "ID": part.id,
            "Parents": ", ".join(part.parents),
            "Size": table.size(part.size),
            "Shared": table.size(part.shared) if part.shared else "",
            "Last used": table.age(part.used, now) if part.used else "",
            "In use": "yes" if self.inuse else "no",
        }
        return "\n".join(f"{name + ':':<11}{value}" for name, value in facts.items() if value)


def _is_used(part: Part, store: Store, now: float) -> bool:
    from stagemill.store.prune import held_since

    if part.kind == "mount":
        return any(store.caches.is_used(one.name, one.number) for one in store.caches.all() if one.id == part.id)
    return part.kind == "step" and part.used >= held_since(store, now)
