from __future__ import annotations

from pathlib import Path

import pytest

from stagemill.errors import StoreError
from stagemill.store.store import Store


def only_file(store: Store) -> Path:
    (file,) = (store.root / "stats").iterdir()
    return file


def test_what_was_written_is_read_by_the_next_and_under_no_other_name(store: Store) -> None:
    store.seen("/home/somebody/app").write(b"what it holds")

    assert store.seen("/home/somebody/app").read() == b"what it holds"
    assert store.seen("/home/somebody/other").read() == b""
    assert store.stat_cache("/home/somebody/app").get((1, 2, 3, 4, 5)) is None


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: data + b"x", lambda data: b"y" + data[1:]])
def test_a_torn_file_is_as_good_as_none(store: Store, damage: object) -> None:
    assert callable(damage)
    store.seen("context").write(b"what it holds")
    only_file(store).write_bytes(damage(only_file(store).read_bytes()))

    assert store.seen("context").read() == b""


def test_a_store_that_cannot_be_written_is_an_error_and_leaves_nothing_behind(store: Store) -> None:
    (store.root / "stats").rmdir()

    with pytest.raises(StoreError, match="cannot write"):
        store.seen("context").write(b"what it holds")

    assert [path for path in (store.root / "tmp").rglob("*") if path.is_file() and path.name != "lock"] == []
