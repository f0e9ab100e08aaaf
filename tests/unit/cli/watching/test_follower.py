"""The command that follows a build, with real processes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from queue import Queue

import pytest

from stagemill.cli.watching import follower
from stagemill.cli.watching.follower import Follower


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.01)


def is_running(number: int) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.parametrize(("command", "status"), [("exit 3", 3), ("kill -KILL $$", 137), ("true", 0)])
def test_the_status_is_told(command: str, status: int) -> None:
    told: Queue[int] = Queue()
    one = Follower(command, ended=told.put)

    one.begin()

    assert told.get(timeout=60) == status
    one.end()


def test_it_is_ended_with_all_that_it_started_and_nothing_is_told(tmp_path: Path) -> None:
    told: Queue[int] = Queue()
    one = Follower(f"sleep 1000 & echo $! > {tmp_path}/a; mv {tmp_path}/a {tmp_path}/child; wait", ended=told.put)
    one.begin()
    until((tmp_path / "child").exists)
    child = int((tmp_path / "child").read_text())

    one.end()

    until(lambda: not is_running(child))
    assert told.empty()


def test_what_does_not_listen_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "GRACE", 0.2)
    script = f"trap '' TERM; sleep 1000 & echo $! > {tmp_path}/a; mv {tmp_path}/a {tmp_path}/child; wait"
    one = Follower(script, ended=lambda _: None)
    one.begin()
    until((tmp_path / "child").exists)
    child = int((tmp_path / "child").read_text())

    one.end()

    until(lambda: not is_running(child))


def test_a_child_that_outlives_the_command_is_ended_too(tmp_path: Path) -> None:
    told: Queue[int] = Queue()
    one = Follower(f"sleep 1000 & echo $! > {tmp_path}/child", ended=told.put)
    one.begin()
    assert told.get(timeout=60) == 0
    child = int((tmp_path / "child").read_text())
    assert is_running(child)

    one.end()

    until(lambda: not is_running(child))


def test_it_reads_nothing_and_has_a_group_of_its_own(tmp_path: Path) -> None:
    told: Queue[int] = Queue()
    one = Follower(
        f"cat > {tmp_path}/read; ps -o pgid= $$ > {tmp_path}/group; echo $$ >> {tmp_path}/group", ended=told.put
    )

    one.begin()

    assert told.get(timeout=60) == 0
    assert (tmp_path / "read").read_bytes() == b""
    group, leader = map(int, (tmp_path / "group").read_text().split())
    assert group == leader != os.getpgrp()
    one.end()


def test_one_can_begin_after_the_other() -> None:
    told: Queue[int] = Queue()
    one = Follower("exit 4", ended=told.put)
    for _ in range(2):
        one.begin()
        assert told.get(timeout=60) == 4
        one.end()
