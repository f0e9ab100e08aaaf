"""Work in a process of its own."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from stagemill.cli.frame.apart import apart
from stagemill.errors import StagemillError


def test_it_is_another_process_with_one_thread_and_what_it_prints_is_there(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def work() -> None:
        (tmp_path / "who").write_text(f"{os.getpid()} {len(os.listdir('/proc/self/task'))}")
        sys.stdout.write("printed")

    assert apart(work) == 0

    number, threads = map(int, (tmp_path / "who").read_text().split())
    assert number != os.getpid()
    assert threads == 1
    assert capfd.readouterr().out == "printed"


def test_an_error_is_shown_and_is_the_status(capfd: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        raise StagemillError("broken")

    assert apart(work) == 1
    assert capfd.readouterr().err == "error: broken\n"


def test_the_status_of_what_is_killed_is_a_shells() -> None:
    assert apart(lambda: signal.raise_signal(signal.SIGKILL)) == 137


def test_a_signal_to_us_is_for_it_and_the_handlers_are_as_before() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]

    def work() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        os.kill(os.getppid(), signal.SIGHUP)
        signal.sigwait([signal.SIGTERM])
        os._exit(9)

    assert apart(work) == 9
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before


def test_a_signal_that_comes_at_once_is_for_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    fork = os.fork

    def fork_late() -> int:
        os.kill(os.getpid(), signal.SIGHUP)  # for another thread, as this one has it blocked
        time.sleep(0.1)
        return fork()

    def work() -> None:
        signal.sigwait([signal.SIGTERM])
        os._exit(9)

    monkeypatch.setattr(os, "fork", fork_late)
    other = threading.Thread(target=time.sleep, args=(1,))
    other.start()
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    try:
        assert apart(work) == 9
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        other.join()
