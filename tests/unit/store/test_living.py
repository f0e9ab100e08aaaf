"""Who works on a store, and since when."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from stagemill.store import living
from stagemill.store.locks import try_flock
from stagemill.store.store import Store


def test_a_process_does_not_count_itself(store: Store) -> None:
    assert store.living.oldest_other() is None


def test_the_first_of_the_others_counts(tmp_path: Path) -> None:
    with Store.open(tmp_path) as one, Store.open(tmp_path) as other, Store.open(tmp_path) as third:
        for each, began in (other, 1000.0), (third, 2000.0):
            os.utime(each.living._path, (began, began))

        assert one.living.oldest_other() == 1000.0


def test_who_has_closed_its_store_is_gone(tmp_path: Path) -> None:
    with Store.open(tmp_path) as one:
        with Store.open(tmp_path):
            began = one.living.oldest_other()

        assert began is not None
        assert abs(began - time.time()) < 60
        assert one.living.oldest_other() is None


def test_what_the_dead_left_is_removed(store: Store) -> None:
    (store.root / "living/dead").touch()

    assert store.living.oldest_other() is None
    assert not (store.root / "living/dead").exists()


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_who_is_looked_at_before_he_has_his_lock_is_alive_all_the_same(
    store: Store, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """Whoever looks finds no lock, and removes the file; or has the lock himself just now, and is about to."""
    looks = [when]

    def looked_at(file: int) -> bool:
        if not looks:
            return try_flock(file)
        looks.clear()
        assert store.living.oldest_other() is None
        return when == "before" and try_flock(file)

    monkeypatch.setattr(living, "try_flock", looked_at)
    with Store.open(store.root):
        assert store.living.oldest_other() is not None

    assert looks == []


def test_closing_twice_is_fine(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    store.close()

    store.close()

    assert os.listdir(tmp_path / "living") == []
