"""Who has the terminal: the progress, or a person who looks into a step."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from threading import Thread

import pytest

from stagemill import events
from stagemill.cli.debugging.hold import Hold
from stagemill.cli.progress import open_progress
from stagemill.cli.progress.out import Out
from stagemill.cli.progress.plain import Plain
from stagemill.cli.progress.screen import Screen
from stagemill.digest import Digest

STEP = Digest.of(b"step")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_what_others_report_comes_afterwards() -> None:
    heard: list[events.Event] = []
    hold = Hold(heard.append)
    other = Thread(target=hold, args=(events.Notice("from another thread", 1.0),))

    with hold.held():
        other.start()
        other.join(0.2)
        meanwhile = list(heard)
        hold(events.Notice("from this one", 0.0))
    other.join(60)

    assert meanwhile == []
    assert heard == [events.Notice("from this one", 0.0), events.Notice("from another thread", 1.0)]


def test_a_step_that_waits_for_its_turn_says_nothing_meanwhile() -> None:
    stream, now = io.StringIO(), [0.0]
    plain = Plain(Out(stream), clock=lambda: now[0], ticks=lambda _: None, safe=False)
    hold = Hold(plain)
    for name in (b"first", b"second"):
        hold(events.Started(Digest.of(name), name.decode(), 0.0))
        hold(events.Output(Digest.of(name), "stdout", name + b" says\n", 0.0))
    before = stream.getvalue()
    assert "second says" not in before
    now[0] = 100.0
    tick = Thread(target=plain.tick)

    with hold.held():
        tick.start()
        tick.join(0.2)
        meanwhile = stream.getvalue()
    tick.join(60)

    assert meanwhile == before
    assert "second says" in stream.getvalue()


def test_the_tree_is_gone_from_the_terminal_and_drawn_again_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    stream, drawn = Terminal(), []
    show = Screen.show

    def seen(screen: Screen, *args: object, **options: object) -> None:
        drawn.append(stream.tell())
        show(screen, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Screen, "show", seen)
    with open_progress("tty", stream, environ={"TERM": "xterm", "TTY_DISPLAY_RATE": "10"}) as listener:
        hold = Hold(listener)
        hold(events.Started(STEP, "[1/1] RUN make", 0.0))
        _until(lambda: len(drawn) > 1)
        with hold.held():
            count, text = len(drawn), stream.getvalue()
            time.sleep(0.2)  # twenty pictures
            assert (len(drawn), stream.getvalue()) == (count, text)
        _until(lambda: len(drawn) > count)

    assert "RUN make" in text
    assert text.endswith("\x1b[2K")  # the last line of it is empty


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.01)
