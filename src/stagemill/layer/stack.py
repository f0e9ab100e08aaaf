"""`StackView`, layers on top of each other read as the one tree that overlayfs would show, without a mount.

What a directory holds is found once, by listing it in those layers that have a part in it, and remembered; so a path
costs the same under five layers and under five hundred. A view with one layer more begins with what the view before it
knows, so that a build of five hundred steps does not list all layers at each of them.

Source: Linux, Documentation/filesystems/overlayfs.rst.
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


@dataclass(frozen=True, slots=True)
class _Known:
    """What a view knows of a tree: the place of its root, and what its directories hold, as far as they were listed."""

    root: _Place
    listings: dict[str, Mapping[str, _Place]]

    def place(self, path: str) -> _Place:
        """That of a path in a directory that was listed."""
        parent, _, name = path.rpartition("/")
        return self.listings[parent].get(name, _NOWHERE) if path else self.root


class StackView:
    """A `FileView` of layer directories, bottom first; each comes with a function that loads its index when it is asked.

    The layers must not change while the view is used. Reads raise StoreError where a directory cannot be read.
    """

    def __init__(self, layers: Sequence[tuple[Path, Callable[[], LayerIndex]]]) -> None:
        self._roots = [os.fspath(directory) for directory, _ in layers]
        self._load = [load for _, load in layers]
        self._root = _Place(tuple(range(len(layers) - 1, -1, -1)), directory=True)
        self._listings: dict[str, Mapping[str, _Place]] = {}
        self._entries: dict[str, Entry] = {}
        self._before = _Known(_NOWHERE, {})

    def on_top(self, directory: Path, load: Callable[[], LayerIndex]) -> StackView:
        """The view with one more layer."""
        made = StackView(())
        made._roots = [*self._roots, os.fspath(directory)]
        made._load = [*self._load, load]
        made._root = _Place((len(self._roots), *self._root.layers), directory=True)
        made._before = _Known(self._root, self._listings)
        return made

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
        location = f"{self._roots[number]}/{path}"
        try:
            status = os.lstat(location)
            node = (number, status.st_ino) if status.st_nlink > 1 and not place.directory else None
            entry = self._entries[path] = disk.read(location, status, node=node)
        except OSError as error:
            _unreadable(location, error)
        return entry

    def listdir(self, path: str) -> list[str]:
        return sorted(self._names(path))

    def digest(self, path: str) -> Digest:
        number = self._provider(path)
        found = self._load[number]().by_path.get(path)
        if found is None or found.digest is None:
            raise CorruptError(
                f"the index of a layer lacks the file {path!r}", hint="run `stagemill store check`, then build again"
            )
        return found.digest

    def real_path(self, path: str) -> Path:
        return Path(self._roots[self._provider(path)], path)

    def _provider(self, path: str) -> int:
        layers = self._place(path).layers
        if not layers:
            raise StoreError(f"no layer has the path {path!r}", hint="this is a bug in stagemill; please report it")
        return layers[0]

    def _place(self, path: str) -> _Place:
        if not path:
            return self._root
        parent, _, name = path.rpartition("/")
        return self._names(parent).get(name, _NOWHERE)

    def _names(self, path: str) -> Mapping[str, _Place]:
        """What a directory holds, by name; nothing where there is no directory."""
        unknown = []
        while path not in self._listings:
            unknown.append(path)
            path = path.rpartition("/")[0]
            if path == unknown[-1]:
                break
        for directory in reversed(unknown):
            # Upwards first and then down, not by recursion: paths may have two thousand components.
            self._listings[directory] = self._listing(directory, self._place(directory))
            path = directory
        return self._listings[path]

    def _listing(self, path: str, place: _Place) -> Mapping[str, _Place]:
        if not place.directory:
            return {}
        known = self._before.listings.get(path)
        if known is not None:
            before = self._before.place(path).layers
            if place.layers == before:
                return known
            if place.layers[1:] == before:
                return self._merge(path, place.layers[:1], known)
        return self._merge(path, place.layers, {})

    def _merge(self, path: str, layers: tuple[int, ...], below: Mapping[str, _Place]) -> Mapping[str, _Place]:
        """What a directory holds, where `below` is what it would hold without these layers."""
        merged: dict[str, _Place] = {}
        directories: dict[str, list[int]] = {}
        hidden: set[str] = set()
        for number in layers:
            location = f"{self._roots[number]}/{path}"
            try:
                self._take(number, location, merged=merged, directories=directories, hidden=hidden)
                if path and (below or number != layers[-1]) and disk.is_opaque(location):
                    below = {}
                    break
            except OSError as error:
                _unreadable(location, error)
        for name, numbers in directories.items():
            lower = below.get(name, _NOWHERE)
            if lower.directory and name not in hidden:
                numbers.extend(lower.layers)
            merged[name] = _Place(tuple(numbers), directory=True)
        whiteouts = hidden.difference(merged)
        merged = {**below, **merged}
        for name in whiteouts:
            merged.pop(name, None)
        return merged

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
