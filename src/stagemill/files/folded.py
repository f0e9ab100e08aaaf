"""`Folded`: what is known of many files, by folder. Of folders that nobody asked for lately it is held as bytes, which take a
tenth of what objects do.
"""

from __future__ import annotations

from _thread import RLock
from collections.abc import Callable, Iterator, MutableMapping
from typing import Generic, TypeVar

V = TypeVar("V")

MOST = 50_000
"""So many values are held as they are: to pack them would cost time, and save little."""


class Folded(Generic[V]):
    """Values by folder and by name. `pack` makes bytes of those of a folder, `unpack` the same values again.

    Thread-safe, but what one thread adds to a folder while another asks for many others may be lost.
    """

    def __init__(
        self, pack: Callable[[dict[str, V]], bytes], unpack: Callable[[bytes], dict[str, V]], *, most: int | None = None
    ) -> None:
        self._pack = pack
        self._unpack = unpack
        self._most = self._left = MOST if most is None else most
        self._lock = RLock()
        self._open: dict[str, dict[str, V]] = {}  # those that were asked for first come first
        self._packed: dict[str, bytes] = {}  # also of open ones that are as they were

    def __contains__(self, folder: str) -> bool:
        return folder in self._open or folder in self._packed

    def get(self, folder: str) -> dict[str, V] | None:
        """The values of a folder; None where it was never put. Who changes them says so by `changed`."""
        found = self._open.get(folder)
        if found is None and folder in self._packed:
            with self._lock:
                found = self._open.get(folder)
                if found is None and folder in self._packed:  # nobody was faster
                    found = self._open[folder] = self.look(folder)
                    self._left -= len(found)
                    if self._left < 0:
                        self._fold()
        return found

    def put(self, folder: str, values: dict[str, V]) -> None:
        """From now on these are the values of a folder."""
        with self._lock:
            self._open[folder] = values
            self.changed(folder, by=len(values))

    def changed(self, folder: str, *, by: int = 1) -> None:
        """Tells that a folder that is there has other values, and how many are new."""
        if self._packed:
            with self._lock:
                self._packed.pop(folder, None)
        self._left -= by
        if self._left < 0:
            self._fold()

    def clear(self) -> None:
        with self._lock:
            self._packed.clear()
            self._open.clear()

    def folders(self) -> list[str]:
        with self._lock:
            return [*dict.fromkeys([*self._packed, *self._open])]

    def look(self, folder: str) -> dict[str, V]:
        """As `get` for one that is there, but it is not held for the next who asks."""
        with self._lock:
            found = self._open.get(folder)
            if found is not None:
                return found
            import zlib  # noqa: PLC0415  small contexts do without

            return self._unpack(zlib.decompress(self._packed[folder]))

    def _fold(self) -> None:
        """Packs those that were asked for first, until half of the room is free; the latest stays, however large."""
        import zlib  # noqa: PLC0415  see above

        with self._lock:
            held = sum(map(len, self._open.values()))
            while held > self._most // 2 and len(self._open) > 1:
                folder = next(iter(self._open))
                values = self._open[folder].copy()
                if folder not in self._packed:
                    self._packed[folder] = zlib.compress(self._pack(values), 1)
                del self._open[folder]
                held -= len(values)
            self._left = max(self._most - held, self._most // 2)


class FoldedPaths(MutableMapping[str, V]):
    """Values by path."""

    def __init__(
        self, pack: Callable[[dict[str, V]], bytes], unpack: Callable[[bytes], dict[str, V]], *, most: int | None = None
    ) -> None:
        self._folded = Folded(pack, unpack, most=most)

    def __getitem__(self, path: str) -> V:
        folder, _, name = path.rpartition("/")
        return (self._folded.get(folder) or {})[name]

    def get(self, path: str, default: V | None = None) -> V | None:  # type: ignore[override]
        """As of any mapping; it is asked for every file, and faster so."""
        folder, _, name = path.rpartition("/")
        values = self._folded.get(folder)
        return default if values is None else values.get(name, default)

    def __contains__(self, path: object) -> bool:
        assert isinstance(path, str), "paths are texts"
        folder, _, name = path.rpartition("/")
        values = self._folded.get(folder)
        return values is not None and name in values

    def __setitem__(self, path: str, value: V) -> None:
        folder, _, name = path.rpartition("/")
        values = self._folded.get(folder)
        if values is None:
            self._folded.put(folder, {name: value})
        else:
            values[name] = value
            self._folded.changed(folder)

    def __delitem__(self, path: str) -> None:
        folder, _, name = path.rpartition("/")
        del (self._folded.get(folder) or {})[name]
        self._folded.changed(folder, by=0)

    def __iter__(self) -> Iterator[str]:
        for folder in self._folded.folders():
            yield from [f"{folder}/{name}" if folder else name for name in self._folded.look(folder)]

    def __len__(self) -> int:
        return sum(len(self._folded.look(folder)) for folder in self._folded.folders())
