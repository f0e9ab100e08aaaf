"""`Indexes`: the indexes of layers that a build has read, and of the latest that it made."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from stagemill.digest import Digest
from stagemill.store.layers import Layers

if TYPE_CHECKING:  # a build from the cache reads none
    from stagemill.layer.index import LayerIndex

MOST_PATHS = 50_000
"""Of so many paths together indexes are kept that nobody has asked for yet: most are never wanted, and take memory. The latest is
kept however large it is, if it is held as bytes.
"""
_LARGE = 8 << 20  # bytes of an index that is not made objects of before somebody goes through it


class Indexes:
    """Thread-safe. What was asked for once is held as long as this is."""

    def __init__(self, layers: Layers) -> None:
        self._layers = layers
        self._lock = Lock()
        self._asked: dict[Digest, LayerIndex] = {}
        self._made: dict[Digest, LayerIndex] = {}

    def of(self, layer: Digest) -> LayerIndex:
        """Raises as `Layers.index` does."""
        with self._lock:
            found = self._asked.get(layer) or self._made.pop(layer, None)
            if found is not None:
                self._asked[layer] = found
                return found
        from stagemill.layer.index import LayerIndex  # noqa: PLC0415  see above

        data = self._layers.index(layer)
        found = LayerIndex.of(data) if len(data) > _LARGE else LayerIndex.parse(data)
        with self._lock:
            self._asked[layer] = found
        return found

    def keep(self, layer: Digest, index: LayerIndex) -> None:
        """The index of a layer that was made just now: whoever packs it, or copies from it, need not read it."""
        with self._lock:
            if not index.is_held:
                self._made.clear()
            self._made[layer] = index
            while sum(_held(each) for each in self._made.values()) > MOST_PATHS:
                del self._made[next(iter(self._made))]


def _held(index: LayerIndex) -> int:
    """Paths of an index that are held as objects."""
    return len(index.entries) if index.is_held else 0
