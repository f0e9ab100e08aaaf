from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stagemill.digest import Digest
from stagemill.errors import NotFoundError
from stagemill.execute import indexes
from stagemill.execute.indexes import Indexes
from stagemill.layer.index import LayerIndex, build
from stagemill.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store") as opened:
        yield opened


def made(store: Store, *names: str) -> tuple[Digest, LayerIndex]:
    """A layer of the store with empty files of these names."""
    with store.layers.workspace() as workspace:
        for name in names:
            Path(workspace.fs, name).touch()
        index = build(workspace.fs)
        return workspace.commit(index.serialize()), index


def test_an_index_is_read_once(store: Store) -> None:
    layer, index = made(store, "a")
    found = Indexes(store.layers)

    first = found.of(layer)

    assert first == index
    assert found.of(layer) is first


def test_one_that_was_made_just_now_is_not_read(store: Store) -> None:
    layer, index = made(store, "a")
    found = Indexes(store.layers)
    found.keep(layer, index)
    store.layers.remove(layer)

    assert found.of(layer) is index
    assert found.of(layer) is index


def test_of_those_that_nobody_asked_for_the_latest_are_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexes, "MOST_PATHS", 6)
    found = Indexes(store.layers)
    layers = [made(store, "a", "b"), made(store, "c"), made(store, "d")]
    for layer, index in layers:
        found.keep(layer, index)
        store.layers.remove(layer)

    with pytest.raises(NotFoundError):
        found.of(layers[0][0])
    assert [found.of(layer) is index for layer, index in layers[1:]] == [True, True]


def test_the_latest_that_is_held_as_bytes_is_kept_however_large(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexes, "MOST_PATHS", 1)
    found = Indexes(store.layers)
    layer, whole = made(store, "a", "b")
    index = LayerIndex.of(whole.serialize())
    found.keep(layer, index)
    store.layers.remove(layer)

    assert found.of(layer) is index


def test_a_large_one_is_read_without_making_objects_of_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexes, "_LARGE", 1)
    layer, whole = made(store, "a", "b")

    index = Indexes(store.layers).of(layer)

    assert (index.is_held, list(index)) == (False, list(whole.entries))


def test_one_that_the_store_does_not_have_is_an_error(store: Store) -> None:
    with pytest.raises(NotFoundError):
        Indexes(store.layers).of(Digest.of(b"none"))
