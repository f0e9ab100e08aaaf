"""`Layers`: directories named by the digest of their index; they appear by rename and never change.

`<hex>/fs/` holds the files in overlay format, `<hex>/index` the list of them. A directory without an index is torn.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path

from stagemill.digest import Digest
from stagemill.errors import CorruptError, NotFoundError
from stagemill.regex import regex
from stagemill.store.faults import explained
from stagemill.store.temporary import Temporary

MADE_AGAIN = "it was thrown away; build again, and it is made anew"
_HEX = regex(r"[0-9a-f]{64}")
_FULL = {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR}


class Layers:
    """The layer directories of a store; any number of threads and processes may use and make the same one."""

    def __init__(self, directory: Path, temporary: Temporary) -> None:
        self._directory = directory
        self._temporary = temporary
        self._places: dict[Digest, Path] = {}

    def has(self, layer: Digest) -> bool:
        return os.path.exists(self._index(layer)) and os.path.isdir(self.directory(layer))

    def touch(self, layer: Digest) -> None:
        """Marks a layer that is here as used now: nobody prunes it while a process lives that began before."""
        with suppress(FileNotFoundError):
            os.utime(self._index(layer))

    def used(self, layer: Digest) -> float:
        """When it was marked last, or made; 0 where it is not here."""
        try:
            return os.stat(self._index(layer)).st_mtime
        except FileNotFoundError:
            return 0.0

    def directory(self, layer: Digest) -> Path:
        """Where the layer's files are if it is here; nobody writes there."""
        found = self._places.get(layer)
        if found is None:
            found = self._places[layer] = self._directory / layer.hex / "fs"
        return found

    def index(self, layer: Digest) -> bytes:
        """The layer's list of files, checked. A torn layer is thrown away. Raises NotFoundError, CorruptError."""
        path = self._index(layer)
        with explained("read", path):
            try:
                data = path.read_bytes()
            except FileNotFoundError:
                data = None
        if data is None and not path.parent.exists():
            raise NotFoundError(f"layer {layer} is not in the store", hint="build again, and it is made anew")
        flaw = self._flaw(layer, data)
        if flaw or data is None:
            self.remove(layer)
            raise CorruptError(f"layer {layer} is torn: {flaw}", hint=MADE_AGAIN)
        return data

    def _flaw(self, layer: Digest, data: bytes | None) -> str:
        if data is None:
            return "it has no index"
        if Digest.of(data) != layer:
            return f"its index is {Digest.of(data)}"
        return "" if os.path.isdir(self.directory(layer)) else "its files are gone"

    def prune(self, layer: Digest, *, before: float) -> None:
        """Removes a layer that was not used since a time. Who marks it at this very moment still has it, or finds it lost."""
        if self.used(layer) >= before:
            return
        target, aside = self._directory / layer.hex, self._temporary.new()
        with explained("remove", target):
            try:
                os.rename(target, aside)
            except FileNotFoundError:
                return
            if os.path.exists(aside / "index") and os.stat(aside / "index").st_mtime >= before:
                with suppress(OSError):  # somebody has made it again meanwhile
                    os.rename(aside, target)
                    return
        self._temporary.discard(aside)

    def remove(self, layer: Digest) -> None:
        """The layer is not here afterwards; for others it vanishes at once."""
        self._temporary.throw_away(self._directory / layer.hex)

    def all(self) -> Iterator[Digest]:
        """The names of all layers, sorted, torn ones too."""
        return (Digest.from_hex(name) for name in self._names() if _HEX.fullmatch(name))

    def strays(self) -> list[Path]:
        """What lies among the layers and is none."""
        return [self._directory / name for name in self._names() if not _HEX.fullmatch(name)]

    @contextmanager
    def workspace(self) -> Iterator[Workspace]:
        """An empty directory to make a layer in; without a commit nothing stays. Raises StoreError."""
        path = self._temporary.new()
        with explained("make", path):
            path.mkdir(0o700)
            _make(path / "fs", 0o755)
        workspace = Workspace(path, self, self._temporary)
        try:
            yield workspace
        finally:
            workspace.end()

    def adopt(self, path: Path, layer: Digest) -> None:
        """A finished directory becomes the layer; one that is here already wins, unless it is torn."""
        target = self._directory / layer.hex
        while True:
            with explained("write", target):
                try:
                    os.rename(path, target)
                except OSError as error:
                    if error.errno not in _FULL:
                        raise
                else:
                    return
            self.touch(layer)
            with suppress(CorruptError, NotFoundError):
                self.index(layer)
                return

    def _index(self, layer: Digest) -> Path:
        return self._directory / layer.hex / "index"

    def _names(self) -> list[str]:
        with explained("list", self._directory):
            return sorted(os.listdir(self._directory))


class Workspace:
    """A layer in the making: `fs` is its root, 0755 and empty; `work` is overlayfs' work directory for it."""

    def __init__(self, path: Path, layers: Layers, temporary: Temporary) -> None:
        self._path = path
        self._layers = layers
        self._temporary = temporary
        self._committed = False
        self.fs = path / "fs"

    @cached_property
    def work(self) -> Path:
        """Made when it is asked for: most layers have no process. Raises StoreError."""
        path = self._temporary.new()
        with explained("make", path):
            _make(path, 0o700)
        return path

    def commit(self, index: bytes) -> Digest:
        """The layer's name; it is in the store, and the workspace is over. Raises StoreError."""
        layer = Digest.of(index)
        path = self._path / "index"
        with explained("write", path):
            path.write_bytes(index)
        self._layers.adopt(self._path, layer)
        self._committed = True
        return layer

    def end(self) -> None:
        """Nothing stays but what was committed."""
        if not self._committed:
            self._temporary.discard(self._path)
        elif os.path.lexists(self._path):  # an equal layer was there already
            self._temporary.discard_soon(self._path)
        if "work" in self.__dict__:
            self._temporary.discard_soon(self.work)


def _make(path: Path, mode: int) -> None:
    """A directory of this mode whatever the umask."""
    path.mkdir()
    path.chmod(mode)
