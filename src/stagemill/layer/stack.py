"""`StackView`, layers on top of each other read as the one tree that overlayfs would show, without a mount.

What a directory holds is found once, by listing it in those layers that have a part in it, and remembered; so a path
costs the same under five layers and under five hundred. A view with one layer more takes from the one below what that layer
does not change. Source: Linux, Documentation/filesystems/overlayfs.rst.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from stagemill.digest import Digest
from stagemill.errors import CorruptError, StoreError
from stagemill.files.view import Entry
from stagemill.layer import disk
from stagemill.layer.index import LayerIndex
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one path of the merged tree comes from: numbers of layers, the uppermost first, more than one for a directory."""

    layers: tuple[int, ...]
    directory: bool


_NOWHERE = _Place((), directory=False)
HIGHEST = 50
"""So many views may stand on each other: what one knows may have to be found in all below it, each in a call of its own."""


class StackView:
    """A `FileView` of layer directories, bottom first; each comes with a function that loads its index when it is asked.

    The layers must not change while the view is used. Reads raise StoreError where a directory cannot be read.
    """

    def __init__(
        self, layers: Sequence[tuple[Path, Callable[[], LayerIndex]]], *, below: StackView | None = None
    ) -> None:
        """With `below` the layers are on top of those of another view. It is used unless too many stand on each other."""
        self.roots = [os.fspath(directory) for directory, _ in layers]
        self.loads = [load for _, load in layers]
        self.height = 0
        self._below: StackView | None = None
        self._lowest = 0  # the number of the first layer that is not in the view below
        if below:
            self.roots[:0], self.loads[:0] = below.roots, below.loads
            if below.height < HIGHEST:
                self._below, self._lowest, self.height = below, len(below.roots), below.height + 1
        self._root = _Place(tuple(range(len(self.roots) - 1, -1, -1)), directory=True)
        self._listings: dict[str, dict[str, _Place]] = {}
        self._entries: dict[str, Entry] = {}

    def layer(self, path: str) -> int | None:
        """The number of the layer that a path is from, the uppermost of a directory's; None where there is no such path."""
        place = self._place(path)
        return place.layers[0] if place.layers else None

    def lstat(self, path: str) -> Entry | None:
        if entry := self._entries.get(path):
            return entry
        place = self._place(path)
        if not place.layers:
            return _EMPTY_ROOT if place is self._root else None
        number = place.layers[0]
        location = f"{self.roots[number]}/{path}"
        try:
            status = os.lstat(location)
            node = (number, status.st_ino) if status.st_nlink > 1 and not place.directory else None
            entry = self._entries[path] = disk.read(location, status, node=node)
        except OSError as error:
            _unreadable(location, error)
        return entry

    def listdir(self, path: str) -> list[str]:
        return sorted(self.places(path))

    def digest(self, path: str) -> Digest:
        number = self._provider(path)
        found = self.loads[number]().by_path.get(path)
        if found is None or found.digest is None:
            raise CorruptError(
                f"the index of a layer lacks the file {path!r}", hint="run `stagemill store check`, then build again"
            )
        return found.digest

    def real_path(self, path: str) -> Path:
        return Path(self.roots[self._provider(path)], path)

    def _provider(self, path: str) -> int:
        layers = self._place(path).layers
        if not layers:
            raise StoreError(f"no layer has the path {path!r}", hint="this is a bug in stagemill; please report it")
        return layers[0]

    def _place(self, path: str) -> _Place:
        if not path:
            return self._root
        parent, _, name = path.rpartition("/")
        return self.places(parent).get(name, _NOWHERE)

    def places(self, path: str) -> dict[str, _Place]:
        """What a directory holds, by name; nothing where there is no directory."""
        unknown = []
        while path not in self._listings:
            unknown.append(path)
            path = path.rpartition("/")[0]
            if path == unknown[-1]:
                break
        for directory in reversed(unknown):
            # Upwards first and then down, not by recursion: paths may have two thousand components.
            place = self._place(directory)
            self._listings[directory] = self._merge(directory, place.layers) if place.directory else {}
            path = directory
        return self._listings[path]

    def _merge(self, path: str, layers: tuple[int, ...]) -> dict[str, _Place]:
        if self._below and layers and layers[0] < self._lowest:
            return self._below.places(path)
        merged: dict[str, _Place] = {}
        directories: dict[str, list[int]] = {}
        hidden: set[str] = set()
        for number in layers:
            if self._below and number < self._lowest:
                self._take_below(self._below.places(path), merged=merged, directories=directories, hidden=hidden)
                break
            location = f"{self.roots[number]}/{path}"
            try:
                self._take(number, location, merged=merged, directories=directories, hidden=hidden)
                if number != layers[-1] and path and disk.is_opaque(location):
                    break
            except OSError as error:
                _unreadable(location, error)
        for name, numbers in directories.items():
            merged[name] = _Place(tuple(numbers), directory=True)
        return merged

    @staticmethod
    def _take_below(
        names: Mapping[str, _Place], *, merged: dict[str, _Place], directories: dict[str, list[int]], hidden: set[str]
    ) -> None:
        """The same of all lower layers at once, whose names in a directory are known."""
        for name, place in names.items():
            if name in hidden:
                continue
            if name not in directories:
                merged[name] = place
            elif place.directory:
                directories[name] += place.layers

    @staticmethod
    def _take(
        number: int,
        location: str,
        *,
        merged: dict[str, _Place],
        directories: dict[str, list[int]],
        hidden: set[str],
    ) -> None:
        """Adds what one layer has in a directory; what it hides, no lower layer adds."""
        with os.scandir(location) as listing:
            for item in listing:
                name = item.name
                if name in hidden:
                    continue
                if item.is_dir(follow_symlinks=False):
                    directories.setdefault(name, []).append(number)
                    continue
                hidden.add(name)
                if name not in directories and not _is_whiteout(item):
                    merged[name] = _Place((number,), directory=False)


_EMPTY_ROOT = Entry(kind="dir", mode=0o755, uid=0, gid=0, size=0, mtime_ns=0)


def _is_whiteout(item: os.DirEntry[str]) -> bool:
    if item.is_file(follow_symlinks=False) or item.is_symlink():
        return False
    return disk.is_whiteout(item.stat(follow_symlinks=False))


def _unreadable(location: str, error: OSError) -> NoReturn:
    raise StoreError(
        f"cannot read {location!r} of a layer: {error.strerror}", hint="run `stagemill store check`, then build again"
    ) from error
