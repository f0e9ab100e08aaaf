"""`Glimpse`: a tree of which somebody wants some files and no directory, read from the top layer down without unpacking any.

A file that an upper layer has is the tree's, whatever is below: no lower layer is fetched for it. A layer that is unpacked
tells by its index; of another one the blob is read once, and the files that are wanted are taken out of it. They lie in the
store's `tmp/`, for as long as the process lives. Who lists a directory, or wants what a layer alone does not tell, gets the
whole tree, unpacked, as everybody else does. So do errors, which have to know what else there is.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import RLock
from typing import Protocol, TypeVar

from stagemill.digest import Digest
from stagemill.execute.arriving import again
from stagemill.execute.forms import Forms
from stagemill.execute.tree import Tree, TreeLayer
from stagemill.files.glob import is_pattern
from stagemill.files.paths import clean
from stagemill.files.view import Entry, FileView
from stagemill.graph.operations import Copy
from stagemill.graph.vertex import Selection, Vertex
from stagemill.layer.index import IndexEntry, LayerIndex
from stagemill.layer.listing import Listing, Taken, UnsureError, scan
from stagemill.store.faults import explained
from stagemill.timings import about, measured
from stagemill.values import dataclass

T = TypeVar("T")
_EVERYTHING = None
_READINGS = 3  # of a blob, after which it is sooner unpacked
_SIMPLE = frozenset({"file", "dir", "symlink"})


class AwayError(Exception):
    """What is asked for would have to be fetched first, and nothing shall be."""


def files_of(select: Selection | None) -> frozenset[str] | None:
    """The paths that a selection names one by one; None where it may be a directory, or what a pattern finds."""
    if select is None or select.parents or select.excludes:
        return _EVERYTHING
    if any(is_pattern(text) or not clean(text) for text in select.patterns):
        return _EVERYTHING
    return frozenset(clean(text) for text in select.patterns)


class Glimpses:
    """The trees of one build that are only glimpsed at. Thread-safe."""

    def __init__(self, forms: Forms, expected: Iterable[Vertex]) -> None:
        """What all expected vertices want of a tree is taken at once; where one wants all of it, it is unpacked."""
        self._forms = forms
        self._lock = RLock()
        self._wanted: dict[Digest, frozenset[str] | None] = {}
        self._made: dict[tuple[TreeLayer, ...], Glimpse] = {}
        for vertex in expected:
            for edge in vertex.inputs:
                more = files_of(edge.select) if isinstance(vertex.op, Copy) else _EVERYTHING
                self._wanted[edge.vertex.digest] = _both(self._wanted.get(edge.vertex.digest, frozenset()), more)

    def view(self, tree: Tree, reader: Vertex, select: Selection, *, fetching: bool) -> FileView:
        """The tree, for what a vertex selects of it. Without `fetching` it raises AwayError, at once or when it is read."""
        with self._lock:
            if found := self._made.get(tree.layers):
                return found
            missing = self._forms.missing(tree)
            wanted = self._wanted_by(reader, select)
            if not missing or wanted is None or any(layer.form != "chain" for layer in missing):
                if missing and not fetching:
                    raise AwayError
                return self._forms.view(tree)
            made = Glimpse(self._forms, tree, wanted, fetching=fetching)
            self._made[tree.layers] = made
            return made

    def known(self, tree: Tree) -> FileView | None:
        """The view that was given before, to whoever made the key of a step."""
        return self._made.get(tree.layers)

    def _wanted_by(self, reader: Vertex, select: Selection) -> frozenset[str] | None:
        """All that is wanted of a tree that this one selects from."""
        mine = files_of(select) if isinstance(reader.op, Copy) else _EVERYTHING
        for edge in reader.inputs:
            if edge.select == select:
                mine = _both(mine, self._wanted.get(edge.vertex.digest, frozenset()))
        return mine


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    return _EVERYTHING if one is None or other is None else one | other


class _Part(Protocol):
    """A layer, as it stands alone."""

    def find(self, path: str) -> IndexEntry | None: ...

    def file(self, path: str, item: IndexEntry) -> Taken: ...

    @property
    def opaque(self) -> bool: ...


class Glimpse:
    """A FileView. Of directories that are only led through it knows that they are there, and not always what they are like."""

    def __init__(self, forms: Forms, tree: Tree, wanted: frozenset[str], *, fetching: bool) -> None:
        self._forms = forms
        self._tree = tree
        self._wanted = wanted
        self._fetching = fetching
        self._parts: dict[int, _Part] = {}
        self._whole: FileView | None = None
        self._told: dict[str, Hashable] = {}
        self._nodes: dict[Hashable, Hashable] = {}
        self._lock = RLock()

    def lstat(self, path: str) -> Entry | None:
        """A file that was told of before the tree had to be unpacked keeps its node, so that its other names are known for its own."""
        with self._lock:
            entry = self._asked(lambda: self._entry(path), lambda view: view.lstat(path))
            if entry is None or entry.node is None:
                return entry
            if self._whole is None:
                self._told[path] = entry.node
            return replace(entry, node=self._nodes.get(entry.node, entry.node))

    def listdir(self, path: str) -> list[str]:
        with self._lock:
            return self._unpacked().listdir(path)

    def digest(self, path: str) -> Digest:
        return self._asked(lambda: self._file(path).digest, lambda view: view.digest(path))

    def real_path(self, path: str) -> Path:
        return self._asked(lambda: self._file(path).place, lambda view: view.real_path(path))

    def _asked(self, glimpsed: Callable[[], T], looked: Callable[[FileView], T]) -> T:
        with self._lock:
            if self._whole is None:
                with suppress(UnsureError):
                    return glimpsed()
            return looked(self._unpacked())

    def _unpacked(self) -> FileView:
        if self._whole is None:
            if not self._fetching and not self._forms.here(self._tree):
                raise AwayError
            self._whole = whole = self._forms.view(self._tree)
            for path, node in self._told.items():
                if entry := whole.lstat(path):
                    self._nodes[entry.node] = node
        return self._whole

    def _entry(self, path: str) -> Entry | None:
        found = self._find(path)
        if found is None:
            return None
        _, _, item = found
        if item.entry.kind not in _SIMPLE or (item.entry.kind != "file" and item.entry.xattrs) or not path:
            raise UnsureError
        if item.entry.kind == "dir" and path in self._wanted:
            raise UnsureError
        return self._file(path).entry if item.entry.kind == "file" else item.entry

    def _file(self, path: str) -> Taken:
        """A regular file, with a node that tells it from those of other layers."""
        found = self._find(path)
        assert found, "somebody has seen it"
        number, part, item = found
        taken = part.file(path, item)
        node = None if item.entry.node is None else (number, item.entry.node)
        return replace(taken, entry=replace(taken.entry, node=node))

    def _find(self, path: str) -> tuple[int, _Part, IndexEntry] | None:
        """The uppermost layer that has a path which none above it hides."""
        for number in range(len(self._tree.layers) - 1, -1, -1):
            part = self._part(number)
            item, ends = _look(part, path)
            if item is not None:
                return number, part, item
            if ends:
                return None
        return None

    def _part(self, number: int) -> _Part:
        part = self._parts.get(number)
        if part is None:
            part = self._parts[number] = self._begun(self._tree.layers[number])
        return part

    def _begun(self, layer: TreeLayer) -> _Part:
        if self._forms.home(layer) is None:
            return _Blob(self._forms, layer.digest, self._wanted, fetching=self._fetching)
        (home,) = self._forms.layers(Tree((layer,)))
        return _Unpacked(self._forms.store.layers.directory(home), self._forms.index(home))


def _look(part: _Part, path: str) -> tuple[IndexEntry | None, bool]:
    """What a layer has at a path, and whether it hides what those below it have there. Source: as for `StackView`."""
    ends = part.opaque
    names = path.split("/")
    for depth in range(1, len(names)):
        above = part.find("/".join(names[:depth]))
        if above is None:
            return None, ends
        if above.whiteout or above.entry.kind != "dir":
            return None, True
        ends = ends or above.opaque
    item = part.find(path)
    if item is None:
        return None, ends
    return (None, True) if item.whiteout else (item, True)


@dataclass(frozen=True, slots=True)
class _Unpacked:
    """A layer that has its directory."""

    root: Path
    index: LayerIndex
    opaque: bool = False

    def find(self, path: str) -> IndexEntry | None:
        return self.index.by_path.get(path)

    def file(self, path: str, item: IndexEntry) -> Taken:
        assert item.digest, "a file in an index has its digest"
        return Taken(self.root / path, item.entry, item.digest)


class _Blob:
    """A base's layer that has none. It is read when it is looked at, and again for a file that nobody has foreseen."""

    def __init__(self, forms: Forms, chain: Digest, wanted: frozenset[str], *, fetching: bool) -> None:
        self._forms = forms
        self._base = forms.base(chain)
        if not fetching and not forms.store.blobs.has(self._base.descriptor):
            raise AwayError
        self._wanted = wanted
        self._readings = 0
        self._listing = self._read()

    @property
    def opaque(self) -> bool:
        return self._listing.opaque

    def find(self, path: str) -> IndexEntry | None:
        if path in self._listing.borrowed:
            raise UnsureError
        return self._listing.by_path.get(path)

    def file(self, path: str, item: IndexEntry) -> Taken:
        if path not in self._listing.taken:
            if self._readings == _READINGS:
                raise UnsureError
            self._wanted |= {path} if item.entry.node is None else self._names(item.entry.node)
            self._listing = self._read()
        return self._listing.taken[path]

    def _names(self, node: Hashable) -> set[str]:
        """A file is where the first of its names is in the archive."""
        return {path for path, item in self._listing.by_path.items() if item.entry.node == node}

    def _read(self) -> Listing:
        """Fetches the blob if it has to; who unpacks it at the same time fetches it for both, or finds it here."""
        self._readings += 1
        store, base = self._forms.store, self._base
        if store.blobs.has(base.descriptor):
            return self._scanned()
        with store.lock(f"layer-{base.chain.hex}"):
            return again(self._scanned)

    @measured("unpack")
    def _scanned(self) -> Listing:
        base, into = self._base, self._forms.store.temporary.new()
        about(str(base.descriptor.digest))
        with explained("make", into):
            into.mkdir(0o700)
        try:
            with self._forms.stream(base.descriptor, base.reference) as stream:
                return scan(
                    stream,
                    media_type=base.descriptor.media_type,
                    diff_id=base.diff_id,
                    wanted=self._wanted,
                    into=into,
                )
        except BaseException:
            self._forms.store.temporary.discard_soon(into)
            raise
