"""Archives: read as a layer, as what ADD unpacks, as a context, and as images. Nothing is ever written outside of where they belong."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from random import Random

from fakes.tree import MemoryTree, file, link
from fuzz import images, tars
from fuzz.inputs import Input
from fuzz.mutate import Mutations
from fuzz.outcomes import outcome
from stagemill.context.archive import unpack_context
from stagemill.context.directory import DirectoryContext
from stagemill.digest import Digest
from stagemill.errors import StagemillError
from stagemill.execute.copy import copy
from stagemill.export import load
from stagemill.files.walk import walk
from stagemill.graph import operations
from stagemill.layer.index import build
from stagemill.layer.unpack import extract, unpack
from stagemill.oci.blobs import chunks
from stagemill.oci.image_index import members

_IS_USER = os.geteuid() != 0  # to whom files of some modes are closed
_WORDS = (
    b"ustar\x0000",
    b"ustar  \0",
    b"../",
    b"/",
    b"\0" * 12,
    b"00000000000\0",
    b"77777777777\0",
    b"GNU.sparse.map=",
    b".wh.",
    b"x",
    b"g",
    b"L",
)


class NoStats:
    """A stat cache that remembers nothing."""

    def get(self, key: tuple[int, ...]) -> Digest | None:
        return None

    def put(self, key: tuple[int, ...], digest: Digest) -> None: ...


class Outside:
    """A directory that nothing may touch, beside one to work in, which this process is in from now on."""

    def __init__(self) -> None:
        self.base = Path(tempfile.mkdtemp(prefix="archives-"))
        self._outside = self.base / "outside"
        (self._outside / "dir").mkdir(parents=True)
        (self._outside / "secret").write_text("secret")
        os.chmod(self._outside / "secret", 0o600)
        os.chdir(self.base)
        self._before = self._seen()

    def check(self) -> None:
        """Nothing there is changed, and nothing is new around it."""
        assert self._seen() == self._before
        assert os.listdir(self.base) == ["outside"]
        assert not os.path.lexists(f"/{tars.ESCAPE}")

    def _seen(self) -> list[tuple[str, os.stat_result]]:
        """The time of change tells of every way to do so."""
        return [(str(path), _status(path)) for path in (self._outside, *sorted(self._outside.rglob("*")))]


class Archives:
    """Each archive comes in by one of the doors."""

    def __init__(self) -> None:
        self._mutations = Mutations(_WORDS, most=1 << 16)
        self._parent = MemoryTree(
            {"d/f": "1", "bin/x": file("x", mode=0o755), "l": link("d"), "up": link("../.."), "b": "2"}
        )
        self._doors: Sequence[Callable[[bytes, Path], None]] = (self._layer, self._add, self._context, self._load)

    @cached_property
    def _outside(self) -> Outside:
        return Outside()

    def make(self, rng: Random) -> Input:
        door = rng.randrange(len(self._doors))
        data = images.archive(rng) if self._doors[door] == self._load else tars.archive(rng)
        if rng.random() < (0.1 if self._doors[door] == self._load else 0.3):
            data = self._mutations.of(data, rng)
            data = tars.repaired(data) if rng.random() < 0.7 else data
        if rng.random() < 0.25:
            data = tars.compressed(data, rng)
        return Input(data, door)

    def check(self, given: Input) -> None:
        place = self._outside.base / "work"
        place.mkdir()
        try:
            self._doors[given.salt](given.data, place)
        finally:
            _remove(place)
        self._outside.check()

    def _layer(self, data: bytes, place: Path) -> None:
        into = place / "layer"
        into.mkdir(0o755)
        parent = self._parent if data[:1] < b"b" else None
        index = outcome(lambda: unpack(io.BytesIO(data), media_type=".tar", into=into, parent=parent, diff_id=None))
        if not isinstance(index, StagemillError):
            found = outcome(lambda: build(into))
            assert found == index or (_IS_USER and isinstance(found, StagemillError))

    def _add(self, data: bytes, place: Path) -> None:
        folder, into = place / "context", place / "layer"
        folder.mkdir()
        into.mkdir(0o755)
        (folder / "x.tar").write_bytes(data)
        op = operations.Copy(("x.tar",), "/l/", unpack=True)
        source = _files(folder)
        digests = outcome(lambda: copy(op, self._parent, source, into=into, link=False, extract=extract))
        if not isinstance(digests, StagemillError):
            outcome(lambda: build(into, known=digests))

    def _load(self, data: bytes, place: Path) -> None:
        path, scratch = place / "image.tar", place / "scratch"
        path.write_bytes(data)
        scratch.mkdir()
        outcome(lambda: _loaded(path, scratch))

    def _context(self, data: bytes, place: Path) -> None:
        into = place / "context"
        into.mkdir(0o755)
        done = outcome(lambda: unpack_context(io.BytesIO(data), into))
        if not isinstance(done, StagemillError):
            outcome(lambda: _read(_files(into)))


def _loaded(path: Path, scratch: Path) -> None:
    """The images of an archive, all that is said of them, and their layers."""
    with load.images(path, scratch=scratch) as found:
        for item in found.images:
            for image in members(item.image):
                image.config.serialize()
                for layer in image.manifest.layers:
                    with found.blobs.open(layer) as reader:
                        for _ in chunks(reader):
                            pass


def _status(path: Path) -> os.stat_result:
    found = os.lstat(path)
    return os.stat_result((*found[:7], 0, *found[8:]))  # reading it is no offence


def _files(folder: Path) -> DirectoryContext:
    return DirectoryContext(folder, ignore=None, stats=NoStats(), started_ns=1 << 62)


def _read(view: DirectoryContext) -> None:
    """All files, but for what is little else than a hole."""
    for path, entry in walk(view):
        if entry.kind == "file" and entry.size < 1 << 20:
            view.digest(path)


def _remove(place: Path) -> None:
    """Whatever was made there, however deep and however closed."""
    with contextlib.suppress(OSError, RecursionError):
        shutil.rmtree(place)
    if place.exists():
        subprocess.run(["chmod", "-R", "u+rwx", str(place)], check=False, capture_output=True)
        subprocess.run(["rm", "-rf", str(place)], check=True)


def fuzzer() -> Archives:
    return Archives()
