from __future__ import annotations

import fcntl
import os
from pathlib import Path

from stagemill.store.store import Store
from stagemill.store.temporary import Temporary


def leave(directory: Path, name: str) -> Path:
    """What a build leaves that was killed."""
    left = directory / name
    (left / "work" / "work").mkdir(parents=True)
    (left / "work" / "work").chmod(0)
    (left / "blob").write_bytes(b"half a blo")
    (left / "lock").touch()
    return left


def test_nothing_is_made_before_it_is_needed(tmp_path: Path) -> None:
    temporary = Temporary(tmp_path)

    temporary.close()

    assert list(tmp_path.iterdir()) == []


def test_a_scratch_directory_is_empty_and_gone_afterwards(store: Store) -> None:
    with store.scratch() as path:
        found = list(path.iterdir())
        (path / "file").touch()

    store.temporary.finish_discarding()
    assert found == []
    assert not path.exists()


def test_what_is_discarded_soon_is_gone_when_the_store_is_closed(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        path = store.temporary.new()
        (path / "a" / "b").mkdir(parents=True)
        store.temporary.discard_soon(path)
        store.temporary.finish_discarding()
        before = path.exists()
        with store.scratch() as scratch:
            (scratch / "c").mkdir()

    assert (before, list((tmp_path / "tmp").iterdir())) == (False, [])


def test_a_forked_child_discards_by_itself(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        with store.scratch():
            pass  # the parent has its thread now, and the child has none
        pid = os.fork()
        if pid == 0:
            with store.scratch() as path:
                (path / "x").mkdir()
            store.temporary.finish_discarding()
            os._exit(path.exists())

        assert os.waitpid(pid, 0)[1] == 0


def test_a_process_has_one_directory_with_a_lock_that_is_held(tmp_path: Path) -> None:
    temporary = Temporary(tmp_path)

    first, second = temporary.new(), temporary.new()

    assert first != second
    assert first.parent == second.parent
    with open(first.parent / "lock", "rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            held = False
        except BlockingIOError:
            held = True
    assert held
    temporary.close()


def test_closing_removes_all_that_was_not_committed(tmp_path: Path) -> None:
    temporary = Temporary(tmp_path)
    temporary.new().mkdir()

    temporary.close()

    assert list(tmp_path.iterdir()) == []


def test_a_sweep_removes_what_the_dead_left_and_spares_the_living(tmp_path: Path) -> None:
    alive = Temporary(tmp_path)
    kept = alive.new()
    kept.mkdir()
    leave(tmp_path, "dead")
    leave(tmp_path, "other")

    swept = Temporary(tmp_path).sweep()

    assert swept == (2, [])
    assert list(tmp_path.iterdir()) == [kept.parent]
    assert kept.exists()
    alive.close()


def test_a_sweep_removes_directories_without_a_lock_and_stray_files(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "full" / "sub").mkdir(parents=True)
    (tmp_path / "file").touch()

    swept = Temporary(tmp_path).sweep()

    assert swept == (3, [])
    assert list(tmp_path.iterdir()) == []


def test_a_sweep_says_what_it_cannot_remove(unprivileged: Path) -> None:
    left = leave(unprivileged, "dead")
    unprivileged.chmod(0o500)

    swept = Temporary(unprivileged).sweep()

    assert swept == (0, [left])
    unprivileged.chmod(0o700)


def test_opening_a_store_sweeps_it(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    leave(tmp_path / "tmp", "dead")
    (tmp_path / "locks" / "dead").touch()

    Store.open(tmp_path).close()

    assert os.listdir(tmp_path / "tmp") == []
    assert os.listdir(tmp_path / "locks") == []


def test_a_forked_child_has_a_directory_of_its_own(tmp_path: Path) -> None:
    temporary = Temporary(tmp_path)
    ours = temporary.new().parent

    child = os.fork()
    if child == 0:
        theirs = temporary.new().parent
        temporary.close()
        os._exit(0 if theirs != ours and ours.exists() and not theirs.exists() else 1)
    _, status = os.waitpid(child, 0)

    assert status == 0
    assert ours.exists()
    temporary.close()
