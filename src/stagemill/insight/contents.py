"""`Contents`: every entry of an image's layers with what became of it: shown, or hidden by a later layer.

Directories that several layers have are no waste: a layer cannot change a file without them. The content of a file with
several names is not wasted as long as one of them is shown: where the name that had it is hidden, the first that is left has
it, with what both entries take. Source: OCI image-spec layer.md, "Applying Changesets".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

from stagemill.digest import Digest
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
    return stack.settled()


class _Stack:
    """The tree as the layers so far have made it."""

    def __init__(self) -> None:
        self._shown: dict[str, Placed] = {}
        self._below: defaultdict[str, set[str]] = defaultdict(set)
        self._hidden: list[Placed] = []
        self._contents: dict[str, Placed] = {}
        """Of the hard links that are shown, the entries that have the content; they may be of lower layers, and hidden by now."""

    def take_away(self, part: Part, layer: int) -> None:
        """Does what a whiteout says, to what earlier layers have."""
        for path in [*self._tree(part.path)][1 if part.opaque else 0 :]:
            if (placed := self._shown.get(path)) and placed.layer < layer:
                self._hide(path, Fate.DELETED, layer)

    def put(self, part: Part, layer: int) -> None:
        content = self._content(part.link) if part.link is not None else None
        digest = content.part.digest if content else part.digest
        before = self._shown.get(part.path)
        if part.entry.kind != "dir":
            for path in [*self._tree(part.path)][1:]:
                self._hide(path, Fate.OVERWRITTEN, layer)
        if before and not before.part.entry.kind == part.entry.kind == "dir":
            same = digest is not None and digest == self._digest(part.path)
            self._hide(part.path, Fate.TOUCHED if same else Fate.OVERWRITTEN, layer)
        self._clear_way(part.path, layer)
        self._shown[part.path] = Placed(part, layer)
        if content:
            self._contents[part.path] = content
        path = part.path
        while path:  # layers may leave directories out
            path, below = path.rpartition("/")[0], path
            self._below[path].add(below)

    def _clear_way(self, path: str, layer: int) -> None:
        """Hides the file that is where a path needs a directory."""
        while path:
            path = path.rpartition("/")[0]
            if above := self._shown.get(path):
                if above.part.entry.kind not in {"dir", "symlink"}:
                    self._hide(path, Fate.OVERWRITTEN, layer)
                return

    def settled(self) -> Contents:
        """What is shown and hidden at the end; content that another name still shows is moved to that."""
        heirs: defaultdict[int, list[str]] = defaultdict(list)
        for path, content in sorted(self._contents.items()):
            heirs[id(content.part)].append(path)
        left: list[Placed] = []
        for placed in self._hidden:
            if names := heirs.get(id(placed.part)):
                self._inherit(names, placed.part)
            else:
                left.append(placed)
        return Contents(self._shown, tuple(left))

    def _inherit(self, names: Sequence[str], content: Part) -> None:
        heir, *others = names
        placed = self._shown[heir]
        tar, blob = placed.part.tar + content.tar, placed.part.blob + content.blob
        self._shown[heir] = replace(placed, part=replace(content, path=heir, tar=tar, blob=blob))
        for name in others:
            other = self._shown[name]
            self._shown[name] = replace(other, part=replace(other.part, link=heir))

    def _content(self, path: str) -> Placed | None:
        """What has the content of a path. A link to a directory is none."""
        found = self._contents.get(path) or self._shown.get(path)
        return None if found and found.part.entry.kind == "dir" else found

    def _digest(self, path: str) -> Digest | None:
        content = self._content(path)
        return content.part.digest if content else None

    def _hide(self, path: str, fate: Fate, layer: int) -> None:
        placed = self._shown.pop(path, None)
        self._contents.pop(path, None)
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
