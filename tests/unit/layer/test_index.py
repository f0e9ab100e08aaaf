from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from stagemill.digest import Digest
from stagemill.errors import CancelledError, CorruptError, StoreError
from stagemill.files.view import Entry
from stagemill.layer import disk
from stagemill.layer.index import IndexEntry, LayerIndex, Watch, build

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="whiteouts need root")]


def facts(index: LayerIndex) -> dict[str, str]:
    return {item.path: item.entry.kind for item in index.entries}


def test_a_parent_comes_before_its_children_and_before_longer_names(make: Callable[..., Path]) -> None:
    layer = make("a", {"usr/bin/x": "", "usr-local": "", "usr.d/y": ""})

    paths = [item.path for item in build(layer).entries]

    assert paths == ["", "usr", "usr/bin", "usr/bin/x", "usr-local", "usr.d", "usr.d/y"]


def test_it_tells_every_kind_of_path(make: Callable[..., Path]) -> None:
    layer = make("a", {"d": True, "f": "text", "l": "->f", "gone": None})
    os.mkfifo(layer / "p")
    os.mknod(layer / "null", 0o020600, os.makedev(1, 3))

    index = build(layer)

    assert facts(index) == {
        "": "dir", "d": "dir", "f": "file", "gone": "char", "l": "symlink", "null": "char", "p": "fifo",
    }  # fmt: skip
    assert index.by_path["f"].digest == Digest.of(b"text")
    assert index.by_path["l"].entry.target == "f"
    assert index.by_path["null"].entry.device == (1, 3)
    assert [item.path for item in index.entries if item.whiteout] == ["gone"]


def test_an_opaque_directory_is_known_by_its_flag_and_not_by_an_xattr(make: Callable[..., Path]) -> None:
    item = build(make("a", {"d": False})).by_path["d"]

    assert (item.opaque, item.entry.xattrs) == (True, ())


def test_hard_links_name_the_first_path_in_sorted_order(make: Callable[..., Path]) -> None:
    index = build(make("a", {"z": "x", "b": "=z", "m": "=z", "alone": "x"}))

    assert {item.path: item.link for item in index.entries} == {"": None, "alone": None, "b": None, "m": "b", "z": "b"}
    assert {index.by_path[path].entry.node for path in ("b", "m", "z")} == {"b"}
    assert index.by_path["alone"].entry.node is None


def test_a_file_whose_other_name_is_outside_the_layer_is_no_hard_link(make: Callable[..., Path]) -> None:
    layer = make("a", {"f": "x"})
    os.link(layer / "f", layer.parent / "elsewhere")

    item = build(layer).by_path["f"]

    assert (item.link, item.entry.node) == (None, None)


def test_the_size_counts_a_file_of_two_names_once(make: Callable[..., Path]) -> None:
    assert build(make("a", {"f": "12345", "g": "=f", "h": "123"})).size == 8


def test_a_known_file_is_not_read(make: Callable[..., Path]) -> None:
    digest = Digest.of(b"something else")

    assert build(make("a", {"d/f": "x"}), known={"d/f": digest}).by_path["d/f"].digest == digest


def large_files(make: Callable[..., Path]) -> Path:
    layer = make("a", {"small": "text", "one": "1", "d/two": "2", "three": "=one"})
    for name in "one", "d/two":
        os.truncate(layer / name, 5 << 20)
    return layer


def test_several_large_files_are_read_at_once(make: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1})
    layer = large_files(make)
    readers: set[str] = set()

    found = build(layer, watch=Watch(lambda: readers.add(threading.current_thread().name))).by_path

    digests = {path: item.digest for path, item in found.items() if item.entry.kind == "file"}
    assert digests == {path: Digest.of((layer / path).read_bytes()) for path in ("small", "one", "d/two", "three")}
    assert readers > {threading.current_thread().name}


def test_large_files_are_left_where_the_work_is_stopped(make: Callable[..., Path]) -> None:
    def stop() -> None:
        raise CancelledError("the build was stopped")

    layer = large_files(make)
    (layer / "small").unlink()

    with pytest.raises(CancelledError):
        build(layer, watch=Watch(stop))


def test_what_was_serialized_is_parsed_to_the_same_again(make: Callable[..., Path]) -> None:
    layer = make("a", {"d/f": "x", "d/g": "=d/f", "o": False, "w": None, "l": "->nowhere", "ü\udcff": "bytes"})
    os.setxattr(layer / "d/f", "user.note", b"\0\xff")
    os.mknod(layer / "null", 0o060600, os.makedev(7, 300))
    index = build(layer)

    parsed = LayerIndex.parse(index.serialize())

    assert parsed == index
    assert parsed.serialize() == index.serialize()
    assert parsed.digest == Digest.of(index.serialize())


def test_the_form_of_an_index_is_for_ever() -> None:
    entry = Entry("file", 0o644, 1, 2, 5, 7)
    digest = Digest.of(b"hello")
    index = LayerIndex([
        IndexEntry("d/x", replace(entry, node=1), digest),
        IndexEntry("d/y", replace(entry, node=1, xattrs=(("user.a", b"\1"),)), digest),
        IndexEntry("gone", disk.WHITEOUT, whiteout=True),
        IndexEntry("d", Entry("dir", 0o755, 0, 0, 0, -1), opaque=True),
        IndexEntry("dev", Entry("block", 0o600, 0, 0, 0, 0, device=(7, 1))),
        IndexEntry("l\udcff", Entry("symlink", 0o777, 0, 0, 0, 0, target="ü")),
    ])  # fmt: skip

    assert index.serialize().decode() == (
        '[1,[["d","dir",493,0,0,-1,0,"",null,true,{}],'
        f'["d/x","file",420,1,2,7,5,"{digest.hex}","d/x",false,{{}}],'
        f'["d/y","file",420,1,2,7,5,"{digest.hex}","d/x",false,{{"user.a":"01"}}],'
        '["dev","block",384,0,0,0,0,"7:1"],["gone","whiteout"],["l\\udcff","symlink",511,0,0,0,0,"\\u00fc"]]]'
    )


def test_thousands_of_paths_are_serialized_as_one_list_and_come_back() -> None:
    entry = Entry("file", 0o644, 0, 0, 1, 0)
    index = LayerIndex([IndexEntry(f'a],["{number}', entry, Digest.of(b"x")) for number in range(2500)])

    version, rows = json.loads(index.serialize())

    assert (version, len(rows)) == (1, 2500)
    assert LayerIndex.parse(index.serialize()) == index
    assert LayerIndex.parse(LayerIndex([]).serialize()) == LayerIndex([])


@pytest.mark.parametrize(
    "data", [b"[1,[]]x", b'[1,[["a","whiteout"]]', b'[1,[["a","whiteout"],]]', b"[1,[", b"[1,[7]]"]
)
def test_bytes_that_are_no_whole_list_are_corrupt(data: bytes) -> None:
    with pytest.raises(CorruptError, match="the index of a layer cannot be read"):
        LayerIndex.parse(data)


@pytest.mark.parametrize("data", [b"", b"[2,[]]", b"{}", b'[1,[["a"]]]', b'[1,[["a","file",1,1,1,1,1,"zz"]]]', b"\xff"])
def test_bytes_that_are_no_index_are_corrupt(data: bytes) -> None:
    with pytest.raises(CorruptError, match="the index of a layer cannot be read") as caught:
        LayerIndex.parse(data)

    assert caught.value.hint == "run `stagemill store check`"


@pytest.mark.parametrize("most", [1, 3, 100])
def test_an_index_that_is_held_as_bytes_is_the_same(
    make: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    layer = make("a", {"z": "x", "d/b": "=z", "d.e": "=z", "alone": "x", "d/c/e": True, "l": "->z", "gone": None})
    expected = build(layer)
    monkeypatch.setattr("stagemill.layer.index.MOST_HELD", most)
    monkeypatch.setattr("stagemill.layer.index._APART", 1)  # no digest is known before all were seen

    index = build(layer)

    assert index.is_held is (most == 100)
    assert index.serialize() == expected.serialize()
    assert (list(index), index.size, index.digest) == (list(expected), expected.size, expected.digest)
    assert index == expected


def test_who_goes_through_bytes_that_are_no_index_is_told() -> None:
    with pytest.raises(CorruptError, match="the index of a layer cannot be read"):
        list(LayerIndex.of(b'[1,[["a"]]]'))


def test_a_layer_directory_that_is_not_there_is_a_store_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot read '.*/none' of a layer: No such file or directory") as caught:
        build(tmp_path / "none")

    assert caught.value.hint == "run `stagemill store check`"
