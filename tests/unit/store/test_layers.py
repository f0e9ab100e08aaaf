from __future__ import annotations

import os
from pathlib import Path

import pytest

from stagemill.digest import Digest
from stagemill.errors import CorruptError, NotFoundError
from stagemill.store.layers import Layers
from stagemill.store.store import Store

INDEX = b"one file: hello"
NAME = Digest.of(INDEX)


def make(layers: Layers, text: str = "hello") -> Digest:
    with layers.workspace() as workspace:
        (workspace.fs / "file").write_text(text)
        return workspace.commit(INDEX)


def unfinished(store: Store) -> list[Path]:
    store.temporary.finish_discarding()
    return [path for path in store.root.glob("tmp/*/*") if path.name != "lock"]


def test_a_workspace_is_an_empty_directory_for_everybody_and_a_work_directory_whatever_the_umask(store: Store) -> None:
    before = os.umask(0o077)
    try:
        with store.layers.workspace() as workspace:
            fs, work = os.stat(workspace.fs), os.stat(workspace.work)

            assert list(workspace.fs.iterdir()) == []
            assert list(workspace.work.iterdir()) == []
    finally:
        os.umask(before)
    assert fs.st_mode & 0o7777 == 0o755
    assert (fs.st_uid, fs.st_gid) == (os.geteuid(), os.getegid())
    assert fs.st_dev == work.st_dev == os.stat(store.root / "layers").st_dev


def test_a_committed_workspace_is_a_layer_named_by_its_index(store: Store) -> None:
    layer = make(store.layers)

    assert layer == NAME
    assert store.layers.has(NAME)
    assert store.layers.index(NAME) == INDEX
    assert (store.layers.directory(NAME) / "file").read_text() == "hello"
    assert sorted(os.listdir(store.root / "layers" / NAME.hex)) == ["fs", "index"]
    assert list(store.layers.all()) == [NAME]
    assert unfinished(store) == []


def test_a_workspace_that_is_not_committed_leaves_nothing(store: Store) -> None:
    with store.layers.workspace() as workspace:
        (workspace.fs / "file").touch()

    assert list(store.layers.all()) == []
    assert unfinished(store) == []


def test_a_failure_in_a_workspace_leaves_nothing_and_is_not_hidden(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.layers.workspace() as workspace:
        (workspace.work / "work").mkdir(0o000)
        raise ZeroDivisionError

    assert unfinished(store) == []


def test_an_equal_layer_that_is_there_wins(store: Store) -> None:
    make(store.layers, "first")

    again = make(store.layers, "second")

    assert again == NAME
    assert (store.layers.directory(NAME) / "file").read_text() == "first"
    assert unfinished(store) == []


@pytest.mark.parametrize("torn", [None, b"torn", b""])
def test_a_torn_layer_gives_way_to_a_new_one(store: Store, torn: bytes | None) -> None:
    make(store.layers, "first")
    index = store.root / "layers" / NAME.hex / "index"
    index.unlink()
    if torn is not None:
        index.write_bytes(torn)

    make(store.layers, "second")

    assert store.layers.index(NAME) == INDEX
    assert (store.layers.directory(NAME) / "file").read_text() == "second"
    assert unfinished(store) == []


def test_an_index_with_a_flipped_byte_is_found_and_the_layer_thrown_away(store: Store) -> None:
    make(store.layers)
    (store.root / "layers" / NAME.hex / "index").write_bytes(b"One file: hello")

    with pytest.raises(
        CorruptError, match=f"layer {NAME} is torn: its index is {Digest.of(b'One file: hello')}"
    ) as caught:
        store.layers.index(NAME)

    assert caught.value.hint == "it was thrown away; build again, and it is made anew"
    assert not store.layers.has(NAME)
    assert list(store.layers.all()) == []


def test_a_layer_without_an_index_is_torn(store: Store) -> None:
    make(store.layers)
    (store.root / "layers" / NAME.hex / "index").unlink()

    assert not store.layers.has(NAME)
    with pytest.raises(CorruptError, match="it has no index"):
        store.layers.index(NAME)
    assert list(store.layers.all()) == []


def test_a_layer_that_was_never_made_is_not_there(store: Store) -> None:
    assert not store.layers.has(NAME)
    with pytest.raises(NotFoundError, match=f"layer {NAME} is not in the store") as caught:
        store.layers.index(NAME)
    assert caught.value.hint == "build again, and it is made anew"


def test_a_removed_layer_is_gone_and_removing_may_be_repeated(store: Store) -> None:
    make(store.layers)

    store.layers.remove(NAME)
    store.layers.remove(NAME)

    assert not store.layers.has(NAME)
    assert unfinished(store) == []


def test_what_is_no_layer_is_a_stray(store: Store) -> None:
    stray = store.root / "layers" / "stray"
    stray.mkdir()

    assert store.layers.strays() == [stray]
    assert list(store.layers.all()) == []
