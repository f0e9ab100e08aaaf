"""`Waste`: bytes that are shipped and that nobody needs, each once: why, where they came in, and what made them useless.

A file is counted for the first of these that holds: a later layer hides it; it is for development only, by its lock; it is a
file that is left over, by its name or its package; it is a copy of another file of at least a block of 4 KiB, and no licence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

from stagemill.digest import Digest
from stagemill.insight.contents import Contents, Fate, Placed
from stagemill.insight.leftovers import Leftover, is_license, leftover
from stagemill.insight.ownership import Installed
from stagemill.values import dataclass

_WORTH = 1 << 12  # bytes; a copy of less costs no more than to share it


class Kind(StrEnum):
    """What is wrong with bytes beside what `Leftover` has; the values are what JSON and people read."""

    DELETED = "deleted later"
    OVERWRITTEN = "overwritten later"
    TOUCHED = "overwritten by itself"
    DEVELOPMENT = "development dependency"
    COPY = "copy of another file"


@dataclass(frozen=True, slots=True)
class Waste:
    """An entry that is waste. `by` is the layer that hides it, `because` what tells it: a lock's path, or that of the original."""

    kind: Kind | Leftover
    placed: Placed
    because: str = ""

    @property
    def by(self) -> int | None:
        return self.placed.by


_FATES = {Fate.DELETED: Kind.DELETED, Fate.OVERWRITTEN: Kind.OVERWRITTEN, Fate.TOUCHED: Kind.TOUCHED}


def waste(contents: Contents, owners: Mapping[str, Installed], locked: Mapping[Installed, str]) -> Iterator[Waste]:
    """All of it: what is hidden in the order of the layers, then what is shown. `locked` are those for development."""
    for placed in contents.hidden:
        yield Waste(_FATES[placed.fate], placed)
    first: dict[Digest, str] = {}
    for path, placed in sorted(contents.shown.items(), key=lambda item: (item[1].layer, item[0])):
        if placed.part.entry.kind == "dir":
            continue
        owner = owners.get(path)
        if owner and owner in locked:
            yield Waste(Kind.DEVELOPMENT, placed, locked[owner])
        elif placed.part.entry.kind == "file" and placed.part.link is None and (kind := leftover(path, owner)):
            yield Waste(kind, placed)
        elif placed.part.digest and placed.part.entry.size >= _WORTH and not is_license(path):
            original = first.setdefault(placed.part.digest, path)
            if original != path:
                yield Waste(Kind.COPY, placed, original)
