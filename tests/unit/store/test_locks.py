from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from stagemill.errors import CancelledError, StoreError
from stagemill.store.locks import Locks
from stagemill.store.store import Store


def test_threads_hold_a_lock_one_after_the_other(tmp_path: Path) -> None:
    locks = Locks(tmp_path)
    inside: list[int] = []
    most = 0

    def work() -> None:
        nonlocal most
        for _ in range(5):
            with locks.hold("name"):
                inside.append(1)
                most = max(most, len(inside))
                time.sleep(0.001)
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most == 1
    assert list(tmp_path.iterdir()) == []


def test_two_names_are_held_at_once(tmp_path: Path) -> None:
    locks = Locks(tmp_path)

    with locks.hold("one"), locks.hold("other"):
        held = sorted(os.listdir(tmp_path))

    assert held == ["one", "other"]


def test_who_waits_can_be_cancelled(store: Store) -> None:
    asked = 0

    def after_three() -> bool:
        nonlocal asked
        asked += 1
        return asked > 3

    with (
        store.lock("name"),
        pytest.raises(CancelledError, match="stopped while waiting for the lock name"),
        store.lock("name", after_three),
    ):
        pass

    assert asked == 4


def test_a_cancelled_wait_leaves_the_lock_to_its_holder(store: Store) -> None:
    with store.lock("name"):
        with pytest.raises(CancelledError), store.lock("name", lambda: True):
            pass
        with pytest.raises(CancelledError), store.lock("name", iter([False, True]).__next__):
            pass
    with store.lock("name"):
        pass


def test_a_failure_inside_frees_the_lock(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.lock("name"):
        raise ZeroDivisionError

    with store.lock("name", iter([False, True]).__next__):
        pass


@pytest.mark.parametrize("name", ["a/b", "..", "", "x" * 300, "name with \udcff", "sha256:" + "0" * 64])
def test_any_text_is_a_name(tmp_path: Path, name: str) -> None:
    locks = Locks(tmp_path)

    with locks.hold(name):
        held = len(list(tmp_path.iterdir()))
        with pytest.raises(CancelledError), locks.hold(name, iter([False, True]).__next__):
            pass

    assert held == 1


def test_a_sweep_removes_the_files_of_the_dead_and_spares_those_of_the_living(tmp_path: Path) -> None:
    locks = Locks(tmp_path)
    (tmp_path / "dead").touch()

    with locks.hold("alive"):
        swept = locks.sweep()
        left = os.listdir(tmp_path)

    assert swept == 1
    assert left == ["alive"]


def test_a_lock_that_cannot_be_made_names_its_path(tmp_path: Path) -> None:
    with (
        pytest.raises(StoreError, match=f"cannot lock {tmp_path}/missing/name: no such file"),
        Locks(tmp_path / "missing").hold("name"),
    ):
        pass
