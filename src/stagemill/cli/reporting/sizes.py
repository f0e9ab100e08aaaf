"""`Sizes`: what the steps of a build hold, by the layers that the store still has; nothing is fetched or unpacked for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from stagemill.digest import Digest
from stagemill.errors import StoreError
from stagemill.execute.tree import Tree, TreeLayer, Trees
from stagemill.layer.index import LayerIndex
from stagemill.oci.document import Json, JsonObject, whole
from stagemill.store.store import Store

_DEPTH = 3
_MOST = 24
"""Of a directory the largest entries; the rest is one."""


class Sizes:
    """Bytes of files, as they take place on the disk. A layer that several have is looked at once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._trees = Trees()
        self._indexes: dict[TreeLayer, LayerIndex | None] = {}

    def of(self, step: str) -> int | None:
        """What a step added; None where its result is gone, or was never on this machine."""
        index = self._top(step)
        return index.size if index else None

    def files(self, step: str) -> list[JsonObject]:
        """The same by directories, as a tree for a page."""
        index = self._top(step)
        return _children(index, _DEPTH) if index and index.size else []

    def below(self, step: str) -> int | None:
        """The bytes of all layers that a step stands on; None where one of them is not known."""
        tree = self.tree(step)
        found = [self.index(layer) for layer in tree.layers[:-1]] if tree else [None]
        return None if None in found else sum(index.size for index in found if index)

    def tree(self, step: str) -> Tree | None:
        """What a step gave, with all that it stands on; None where that is gone, or was never on this machine."""
        record = self._store.records.get(Digest(step))
        try:
            return self._trees.parse(record.result) if record else None
        except ValueError:
            return None

    def _top(self, step: str) -> LayerIndex | None:
        tree = self.tree(step)
        return self.index(tree.layers[-1]) if tree and tree.layers else None

    def index(self, layer: TreeLayer) -> LayerIndex | None:
        """What a layer holds; None for one that is not on this machine."""
        if layer not in self._indexes:
            self._indexes[layer] = self._read(layer)
        return self._indexes[layer]

    def _read(self, layer: TreeLayer) -> LayerIndex | None:
        home = self._store.home(layer.digest)
        try:
            return LayerIndex.parse(self._store.layers.index(home)) if home else None
        except StoreError:
            return None


def _children(index: LayerIndex, depth: int) -> list[JsonObject]:
    files = [(item.path, item.entry.size) for item in index.entries if item.link is None and item.entry.size]
    return _grouped(files, depth)


def _grouped(files: Iterable[tuple[str, int]], depth: int) -> list[JsonObject]:
    """The largest first; what is deeper than that counts for its directory."""
    parts: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for path, size in files:
        head, _, rest = path.partition("/")
        parts[head].append((rest, size))
    weighed = sorted(
        ((sum(size for _, size in each), name) for name, each in parts.items()), key=lambda one: (-one[0], one[1])
    )
    found: list[JsonObject] = []
    for size, name in weighed[:_MOST]:
        inner = parts[name]
        node: dict[str, Json] = {"name": whole(name), "size": size}
        if depth > 1 and any(rest for rest, _ in inner):
            node["children"] = list(_grouped(inner, depth - 1))
        found.append(node)
    if left := weighed[_MOST:]:
        found.append({"name": f"{len(left)} smaller", "size": sum(size for size, _ in left)})
    return found
