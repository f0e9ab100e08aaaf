"""Signals that come at the worst of moments."""

from __future__ import annotations

import importlib
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from stagemill.cli.frame import stopping
from stagemill.cli.frame.stopping import Stop, interruptible, leave, listen

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)
PATIENCE = 60.0  # seconds


@pytest.fixture(autouse=True)
def _listening(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    listen()
    try:
        yield
    finally:
        leave()
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_an_exception(number: signal.Signals) -> None:
    with pytest.raises(Stop):
        signal.raise_signal(number)


def test_one_that_python_drops_comes_again(capfd: pytest.CaptureFixture[str]) -> None:
    class Dying:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(Stop):
        _wait_after(Dying)

    assert capfd.readouterr().err == ""


def _wait_after(act: Callable[[], object]) -> None:
    act()
    time.sleep(PATIENCE)


IMPORTS = "<frozen importlib._bootstrap>"


def interrupted(place: str, look: Callable[[], object]) -> None:
    """Code of a file that gets a signal, and then looks at something."""
    code = compile("raise_signal(SIGTERM)\nlook()", place, "exec")
    exec(code, {"raise_signal": signal.raise_signal, "SIGTERM": signal.SIGTERM, "look": look})


@pytest.mark.parametrize("place", [IMPORTS, threading.__file__, stopping.__file__])
def test_where_it_would_do_harm_a_signal_waits(place: str) -> None:
    reached = threading.Event()

    with pytest.raises(Stop):
        _wait_after(partial(interrupted, place, reached.set))

    assert reached.is_set()


def test_a_module_that_is_being_loaded_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "interrupted_module.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\n")
    monkeypatch.syspath_prepend(str(tmp_path))

    with pytest.raises(Stop):
        importlib.import_module("interrupted_module")

    assert "interrupted_module" not in sys.modules


def test_no_lock_of_threading_is_left_taken() -> None:
    lock = threading.Lock()
    # Taken already, and interrupted before the block of its `with` begins.
    taken = SimpleNamespace(
        acquire=lock.acquire,
        release=lock.release,
        __enter__=partial(signal.raise_signal, signal.SIGINT),
        __exit__=lambda *_: lock.release(),
    )
    lock.acquire()
    condition = threading.Condition(taken)  # type: ignore[arg-type]

    def enter() -> None:
        with condition:
            pass

    with pytest.raises(Stop):
        _wait_after(enter)

    assert not lock.locked()


def test_a_wait_for_another_thread_is_interrupted() -> None:
    never = threading.Event()
    timer = threading.Timer(0.1, signal.pthread_kill, (threading.main_thread().ident, signal.SIGTERM))

    with pytest.raises(Stop):
        timer.start()
        never.wait(PATIENCE)

    timer.join()


def test_what_hangs_up_is_called_when_the_exception_comes_and_not_before() -> None:
    hung_up = threading.Event()
    before: list[bool] = []

    with pytest.raises(Stop), interruptible(hung_up.set):
        _wait_after(partial(interrupted, IMPORTS, lambda: before.append(hung_up.is_set())))

    assert before == [False]
    assert hung_up.wait(PATIENCE)


def test_after_the_block_nothing_is_hung_up() -> None:
    hung_up = threading.Event()

    with interruptible(hung_up.set):
        pass
    with pytest.raises(Stop):
        signal.raise_signal(signal.SIGINT)

    assert not hung_up.is_set()


def test_what_is_not_ours_is_told_as_always(capfd: pytest.CaptureFixture[str]) -> None:
    class Broken:
        def __del__(self) -> None:
            raise ValueError("a destructor's own")

    Broken()

    assert "ValueError: a destructor's own" in capfd.readouterr().err


def test_at_the_end_the_signals_are_the_systems() -> None:
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)

    leave()
    signal.raise_signal(signal.SIGALRM)

    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert [signal.getsignal(number) for number in SIGNALS] == [signal.SIG_DFL, signal.SIG_DFL, signal.SIG_IGN]
