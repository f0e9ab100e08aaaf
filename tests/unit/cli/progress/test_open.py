from __future__ import annotations

import codecs
import fcntl
import io
import os
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from stagemill import events
from stagemill.cli.progress import MODES, open_progress
from stagemill.digest import Digest
from stagemill.errors import UsageError

A, B = Digest("sha256:" + "a" * 64), Digest("sha256:" + "b" * 64)
CACHED = events.Cached(A, "[x 1/2] FROM debian", 100.0, "x")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Pty:
    """A real terminal of 60 columns and 20 rows; `screen` is all that was written to it."""

    def __init__(self) -> None:
        self._controller, worker = os.openpty()
        fcntl.ioctl(worker, termios.TIOCSWINSZ, struct.pack("HHHH", 20, 60, 0, 0))
        self.stream = os.fdopen(worker, "w", encoding="utf-8")
        self._read: list[str] = []
        self._reader = threading.Thread(target=self._drain)
        self._reader.start()

    def _drain(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")()  # what is read may end within a character
        while True:
            try:
                data = os.read(self._controller, 65536)
            except OSError:
                return
            self._read.append(decoder.decode(data))

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + 60
        while text not in self.screen:
            assert time.monotonic() < deadline, self.screen
            time.sleep(0.01)

    @property
    def screen(self) -> str:
        return "".join(self._read)

    def close(self) -> None:
        self.stream.close()
        self._reader.join()
        os.close(self._controller)


@pytest.fixture
def pty() -> Iterator[Pty]:
    terminal = Pty()
    try:
        yield terminal
    finally:
        terminal.close()


@contextmanager
def opened(mode: str, stream: io.StringIO, environ: Mapping[str, str] | None = None) -> Iterator[events.Listener]:
    with open_progress(mode, stream, environ=environ or {}, clock=lambda: 101.0) as listener:
        yield listener


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("plain", "#1 [x 1/2] FROM debian\n#1 CACHED\n"),
        ("auto", "#1 [x 1/2] FROM debian\n#1 CACHED\n"),
        ("quiet", ""),
    ],
)
def test_a_pipe_gets_what_the_mode_says(mode: str, expected: str) -> None:
    stream = io.StringIO()

    with opened(mode, stream) as listener:
        listener(CACHED)

    assert stream.getvalue() == expected


@pytest.mark.parametrize(("given", "shown"), [("0", "#1 " + "x" * 69 + "...\n"), ("1", "#1 " + "x" * 90 + "\n")])
def test_names_of_steps_are_cut_only_where_that_is_asked_for(given: str, shown: str) -> None:
    stream = io.StringIO()

    with opened("plain", stream, {"PROGRESS_NO_TRUNC": given}) as listener:
        listener(events.Cached(A, "x" * 90, 100.0))

    assert stream.getvalue().startswith(shown)


def test_a_colour_that_nobody_knows_is_said_on_the_terminal() -> None:
    stream = Terminal()

    with opened("tty", stream, {"BUILDKIT_COLORS": "run=pink:error=blue"}) as listener:
        listener(CACHED)

    assert stream.getvalue().startswith("BUILDKIT_COLORS: 'run=pink' is left out\nhint: write ROLE=COLOUR")


@pytest.mark.parametrize(("given", "shown"), [("1", {8}), ("3", {6, 7, 8}), ("none", {3, 4, 5, 6, 7, 8})])
def test_so_many_lines_of_a_step_are_shown(pty: Pty, given: str, shown: set[int]) -> None:
    environ = {"TERM": "xterm", "BUILDKIT_TTY_LOG_LINES": given}
    with open_progress("tty", pty.stream, environ=environ, clock=lambda: 101.0) as listener:
        listener(events.Started(A, "[x 1/2] RUN make", 100.0, "x"))
        listener(events.Output(A, "stdout", b"".join(b"line %d\n" % number for number in range(9)), 100.5))
        pty.wait_for("line 8")
        first = pty.screen.partition("line 8")[0]

    assert {number for number in range(8) if f"line {number}" in first} | {8} == shown


def test_the_rate_of_pictures_can_be_given(pty: Pty) -> None:
    environ = {"TERM": "xterm", "TTY_DISPLAY_RATE": "600000"}
    with open_progress("tty", pty.stream, environ=environ, clock=lambda: 101.0) as listener:
        listener(events.Started(A, "[x 1/2] RUN make", 100.0, "x"))
        pty.wait_for("RUN make")
        listener(events.Output(A, "stdout", b"late\n", 100.5))
        time.sleep(0.3)
        assert "late" not in pty.screen


def test_rawjson_is_one_object_per_line() -> None:
    stream = io.StringIO()

    with opened("rawjson", stream) as listener:
        listener(CACHED)

    assert stream.getvalue().startswith('{"vertexes":[{"digest":"sha256:aaa')
    assert stream.getvalue().count("\n") == 1


@pytest.mark.parametrize("mode", ["auto", "tty"])
def test_a_terminal_gets_a_tree(mode: str) -> None:
    stream = Terminal()

    with opened(mode, stream, {"NO_COLOR": "1", "COLUMNS": "40"}) as listener:
        listener(CACHED)

    assert stream.getvalue() == (
        "[+] built in 1.0s, 1 step, 1 cached\n"
        " x\n"
        "  ✓ 1/2 FROM debian               cached\n"
    )  # fmt: skip


def test_a_dumb_terminal_gets_plain_lines() -> None:
    stream = Terminal()

    with opened("auto", stream, {"TERM": "dumb"}) as listener:
        listener(CACHED)

    assert stream.getvalue().startswith("#1 ")


def test_tty_without_a_terminal_is_refused() -> None:
    with pytest.raises(UsageError) as raised, opened("tty", io.StringIO()):
        pass

    assert raised.value.message == "progress mode tty needs a terminal, and the output goes elsewhere"
    assert raised.value.hint == "use --progress plain, or auto, which chooses by itself"


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(UsageError) as raised, opened("fancy", io.StringIO()):
        pass

    assert raised.value.message == "unknown progress mode 'fancy'"
    assert raised.value.hint == "choose one of auto, plain, tty, rawjson, quiet"


@pytest.mark.parametrize("mode", MODES)
def test_an_error_goes_through_and_leaves_no_thread(mode: str) -> None:
    before = set(threading.enumerate())

    with pytest.raises(KeyError), opened(mode, Terminal()) as listener:
        listener(events.Started(A, "a", 100.0))
        listener(events.Started(B, "b", 100.0))
        raise KeyError

    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize("mode", MODES)
def test_events_may_come_from_many_threads(mode: str) -> None:
    stream = Terminal() if mode == "tty" else io.StringIO()
    with opened(mode, stream) as listener:

        def work(number: int) -> None:
            step = Digest.of(b"%d" % number)
            listener(events.Started(step, f"step {number}", 100.0))
            for _ in range(50):
                listener(events.Output(step, "stdout", b"a line\n", 100.5))
                listener(events.Transfer(step, "part", 1, 2, 100.5))
            listener(events.Finished(step, 101.0))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    expected = {"plain": "DONE 1.0s", "auto": "DONE 1.0s", "tty": "step", "rawjson": '"completed"', "quiet": ""}[mode]
    said = stream.getvalue().rpartition("[+] ")[
        2
    ]  # the last picture of a terminal, which has more where there is time for them
    count = {"tty": 8 + 1, "quiet": len(said) + 1}.get(mode, 8)
    assert said.count(expected) == count


def test_while_a_build_runs_the_tree_is_live_and_gone_afterwards(pty: Pty) -> None:
    environ = {"TERM": "xterm-256color"}
    with open_progress("auto", pty.stream, environ=environ, clock=lambda: 101.0) as listener:
        listener(events.Notice("before", 100.0))
        listener(events.Started(A, "[x 1/2] RUN make", 100.0, "x"))
        listener(events.Output(A, "stdout", b"\x1b[2Jcompiling\n", 100.5))
        pty.wait_for("│")
        pty.wait_for("compiling")
        assert "\x1b[?25l" in pty.screen
        listener(events.Notice("meanwhile", 100.6))
        pty.wait_for("meanwhile")
        listener(events.Finished(A, 100.9))
    pty.wait_for("built in")

    assert pty.screen.startswith("before\r\n")
    assert "\x1b[2J" not in pty.screen
    after = pty.screen.rpartition("\x1b[?25h")[2]
    assert "compiling" not in after
    assert "1/2 RUN make" in after


def test_no_color_is_kept_to(pty: Pty) -> None:
    with open_progress("tty", pty.stream, environ={"TERM": "xterm", "NO_COLOR": "1"}, clock=lambda: 101.0) as listener:
        listener(events.Started(A, "[x 1/2] RUN make", 100.0, "x"))
        pty.wait_for("RUN make")
    pty.wait_for("stopped")

    assert "\x1b[36m" not in pty.screen
    assert "\x1b[33m" not in pty.screen


def test_what_leaves_early_does_not_stop_the_build(pty: Pty) -> None:
    with open_progress("tty", pty.stream, environ={"TERM": "xterm"}, clock=lambda: 101.0) as listener:
        listener(events.Started(A, "a", 100.0))
        pty.wait_for("building")
        pty.stream.close()
        listener(events.Notice("nobody hears this", 100.5))
        listener(events.Finished(A, 101.0))


def test_a_build_that_finds_everything_loads_no_library_for_terminals() -> None:
    code = """
import io, sys
from stagemill import events
from stagemill.cli.progress import open_progress
from stagemill.digest import Digest
class Terminal(io.StringIO):
    def isatty(self): return True
key = Digest.of(b"")
with open_progress("tty", Terminal(), environ={}) as listener:
    listener(events.Cached(key, "a", 1.0))
    listener(events.Started(key, "b", 1.0))
    listener(events.Finished(key, 1.0))
print([name for name in ("rich", "asyncio", "datetime") if name in sys.modules])
"""
    environ = {"PYTHONPATH": os.pathsep.join(sys.path)}

    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
