"""`Contents`: every entry of an image's layers with what became of it: shown, or hidden by a later layer.

Directories that several layers have are no waste: a layer cannot change a file without them. The content of a file with
several names is not wasted as long as one of them is shown. Source: OCI image-spec layer.md, "Applying Changesets".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

from stagemill.layer.measure import Measure, Part
from stagemill.values import dataclass


class Fate(StrEnum):
    """What became of an entry; the values are what JSON says."""

    SHOWN = "shown"
    DELETED = "deleted later"
    OVERWRITTEN = "overwritten later"
    TOUCHED = "overwritten by itself"
    """By the same bytes: only its mode, owner, time or attributes changed."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An entry of the layer `layer`, counted from the lowest, 0; `by` is the layer that hides it."""

    part: Part
    layer: int
    fate: Fate = Fate.SHOWN
    by: int | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """`shown` are the entries of the image's tree by path; `hidden` those that are shipped, and that nobody sees."""

    shown: Mapping[str, Placed]
    hidden: tuple[Placed, ...]


@dataclass(frozen=True, slots=True)
class Weight:
    """`files` with their bytes on disk (`size`), in the tars (`tar`) and as they are shipped (`blob`)."""

    files: int = 0
    size: int = 0
    tar: int = 0
    blob: int = 0

    def __add__(self, other: Weight) -> Weight:
        return Weight(self.files + other.files, self.size + other.size, self.tar + other.tar, self.blob + other.blob)

    @classmethod
    def of(cls, parts: Iterable[Part]) -> Weight:
        """That of some entries; a hard link takes no bytes on disk, and is a file."""
        files = size = tar = blob = 0
        for part in parts:
            files += part.entry.kind != "dir" and not part.whiteout and not part.opaque
            size += 0 if part.opaque else part.entry.size
            tar += part.tar
            blob += part.blob
        return cls(files, size, tar, blob)


def contents(layers: Sequence[Measure]) -> Contents:
    """The layers laid on each other, the lowest first."""
    stack = _Stack()
    for number, layer in enumerate(layers):
        for part in layer.parts:
            if part.whiteout or part.opaque:
                stack.take_away(part, number)
        for part in layer.parts:
            if not part.whiteout and not part.opaque:
                stack.put(part, number)
    return Contents(stack.shown, tuple(stack.wasted()))


class _Stack:
    """The tree as the layers so far have made it."""

    def __init__(self) -> None:
        self.shown: dict[str, Placed] = {}
        self._below: defaultdict[str, set[str]] = defaultdict(set)
        self._hidden: list[Placed] = []

    def take_away(self, part: Part, layer: int) -> None:
        """Does what a whiteout says, to what earlier layers have."""
        for path in [*self._tree(part.path)][1 if part.opaque else 0 :]:
            if (placed := self.shown.get(path)) and placed.layer < layer:
                self._hide(path, Fate.DELETED, layer)

    def put(self, part: Part, layer: int) -> None:
        before = self.shown.get(part.path)
        if before is not None:
            same = before.part.digest is not None and before.part.digest == part.digest
            self._hide(part.path, Fate.TOUCHED if same else Fate.OVERWRITTEN, layer)
        if part.entry.kind != "dir":
            for path in [*self._tree(part.path)][1:]:
                self._hide(path, Fate.OVERWRITTEN, layer)
        self.shown[part.path] = Placed(part, layer)
        path = part.path
        while path and path not in self._below[parent := path.rpartition("/")[0]]:  # layers may leave directories out
            self._below[parent].add(path)
            path = parent

    def wasted(self) -> Iterator[Placed]:
        """What is hidden, but for directories and for content that another name still shows."""
        alive = {(placed.layer, placed.part.link) for placed in self.shown.values() if placed.part.link is not None}
        for placed in self._hidden:
            if placed.part.entry.kind != "dir" and (placed.layer, placed.part.path) not in alive:
                yield placed

    def _hide(self, path: str, fate: Fate, layer: int) -> None:
        placed = self.shown.pop(path, None)
        if placed:
            self._below[path.rpartition("/")[0]].discard(path)
            self._hidden.append(Placed(placed.part, placed.layer, fate, layer))

    def _tree(self, path: str) -> Iterator[str]:
        """A path and all that is shown below it."""
        pending = [path]
        while pending:
            found = pending.pop()
            yield found
            pending += sorted(self._below.get(found, ()))
