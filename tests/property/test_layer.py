from __future__ import annotations

import io
import os
import tarfile
import tempfile
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stagemill.digest import Digest
from stagemill.errors import StagemillError
from stagemill.files.view import Entry
from stagemill.layer import disk
from stagemill.layer import header as tar
from stagemill.layer.changes import settle
from stagemill.layer.index import IndexEntry, LayerIndex, build
from stagemill.layer.pack import pack
from stagemill.layer.reader import TarReader
from stagemill.layer.stack import StackView
from stagemill.layer.stream import ByteStream
from stagemill.layer.unpack import unpack

Tree = list[tuple[str, str, int, int]]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="whiteouts need root")
NAMES = st.sampled_from(["a", "b", "c", "ü", "n" * 90])
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
KINDS = st.sampled_from(["file", "dir", "symlink", "whiteout", "opaque", "fifo", "link"])
TREES = st.lists(st.tuples(PATHS, KINDS, st.integers(0, 0o7777), st.integers(0, 10**10 - 1)), max_size=12)


def make(root: Path, tree: Tree) -> None:
    """Makes what can be made of a list of wishes; one that stands in the way of an earlier one is left out."""
    files: list[Path] = []
    for path, kind, mode, mtime in tree:
        place = root / path
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            match kind:
                case "dir" | "opaque":
                    place.mkdir(exist_ok=True)
                    if kind == "opaque":
                        disk.make_opaque(str(place))
                case "symlink":
                    place.symlink_to("a/" * (mode % 60) + "x")
                case "whiteout":
                    disk.make_whiteout(str(place))
                case "fifo":
                    os.mkfifo(place)
                case "link" if files:
                    os.link(files[mode % len(files)], place)
                case _:
                    with open(place, "xb") as file:
                        file.write(b"x" * mode)
                    files.append(place)
                    os.chmod(place, mode)
            os.utime(place, ns=(0, mtime * 10**8 + mode), follow_symlinks=False)
        except (FileExistsError, NotADirectoryError, OSError):
            continue


@as_root
@settings(max_examples=60, deadline=None)
@given(TREES)
def test_a_layer_survives_being_packed_and_unpacked(tree: Tree) -> None:
    with tempfile.TemporaryDirectory() as name:
        layer, into = Path(name, "layer"), Path(name, "into")
        layer.mkdir(mode=0o755)
        into.mkdir()
        make(layer, tree)
        os.utime(layer, ns=(0, 0))
        index = build(layer)
        data = b"".join(pack(layer, index))

        found = unpack(io.BytesIO(data), media_type=".tar", into=into, parent=None, diff_id=Digest.of(data))

        assert found == index
        assert build(into) == index
        assert LayerIndex.parse(index.serialize()) == index
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            names = [member.name for member in archive]
        assert len(names) == len(set(names))


def shown(view: StackView, path: str = "") -> dict[str, tuple[str, int]]:
    found: dict[str, tuple[str, int]] = {}
    for name in view.listdir(path):
        child = f"{path}/{name}" if path else name
        entry = view.lstat(child)
        assert entry
        found[child] = (entry.kind, entry.mode)
        found |= shown(view, child)
    return found


@as_root
@settings(max_examples=60, deadline=None)
@given(TREES, TREES)
def test_settling_a_layer_changes_nothing_that_is_seen(below: Tree, above: Tree) -> None:
    with tempfile.TemporaryDirectory() as name:
        lower, upper = Path(name, "lower"), Path(name, "upper")
        for layer, tree in ((lower, below), (upper, above)):
            layer.mkdir()
            make(layer, tree)
        parent = StackView([(lower, partial(build, lower))])
        layers = [(lower, partial(build, lower)), (upper, partial(build, upper))]
        before = shown(StackView(layers))

        settle(upper, parent)

        assert shown(StackView(layers)) == before
        once = build(upper)
        settle(upper, parent)
        assert build(upper) == once


@given(
    st.binary(min_size=1, max_size=400).filter(lambda name: b"\0" not in name and not name.endswith(b"/")),
    st.integers(0, 2**31),
    st.integers(-(2**62), 2**62),
    st.dictionaries(st.text("abcü.=", min_size=1), st.binary(max_size=300)),
)
def test_the_reader_understands_every_header_of_the_writer(
    name: bytes, uid: int, mtime_ns: int, xattrs: dict[str, bytes]
) -> None:
    pairs = tuple(sorted((f"user.{key}".replace("=", "-"), value) for key, value in xattrs.items()))
    pairs = tuple(dict(pairs).items())
    data = tar.header(name, tar.FILE, mode=0o644, uid=uid, gid=uid, size=3, mtime_ns=mtime_ns, xattrs=pairs)

    (member,) = TarReader(ByteStream([data, b"abc", tar.padding(3)]))

    assert member.name.encode("utf-8", "surrogateescape") == name
    assert member.entry == Entry("file", 0o644, uid, uid, 3, mtime_ns, xattrs=pairs)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 3000), st.binary(min_size=1, max_size=40))
def test_a_damaged_layer_ends_in_an_error_that_a_person_can_be_told_or_in_a_layer(place: int, damage: bytes) -> None:
    good = bytearray(
        tar.header(b"d/" * 70, tar.DIRECTORY, mode=0o755, mtime_ns=1)
        + tar.header(b"f", tar.FILE, mode=0o644, size=4) + b"text" + tar.padding(4)
        + tar.header(b".wh.x", tar.FILE, mode=0) + tar.END
    )  # fmt: skip
    good[place : place + len(damage)] = damage

    with tempfile.TemporaryDirectory() as into:
        try:
            unpack(io.BytesIO(bytes(good)), media_type=".tar", into=Path(into), parent=None, diff_id=None)
        except StagemillError:
            return


def test_the_order_of_paths_is_that_of_their_components() -> None:
    paths = ["a", "a-b", "a/b", "a.b", "a/b/c", "b"]
    entries = [IndexEntry(path, Entry("dir", 0o755, 0, 0, 0, 0)) for path in paths]

    assert [item.path for item in LayerIndex(entries).entries] == sorted(paths, key=lambda path: path.split("/"))
