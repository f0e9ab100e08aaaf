"""The sandbox on a terminal: keys go in, the screen comes out, and the caller's terminal is as it was."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from fakes.sandbox_lab import PLAIN, Lab
from stagemill.errors import CancelledError
from stagemill.sandbox.namespaces import NamespaceSandbox
from stagemill.sandbox.process import Credentials, Process
from stagemill.sandbox.terminal import Streams

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="mounts need root")]


@dataclass
class Person:
    """Somebody in front of a terminal: types, and waits for what shows up."""

    keyboard: int
    screen: bytes = field(default=b"")

    def type(self, text: str) -> None:
        os.write(self.keyboard, text.encode())

    def wait_for(self, text: str, seconds: float = 60.0) -> bool:
        end = time.monotonic() + seconds
        os.set_blocking(self.keyboard, False)
        while text.encode() not in self.screen and time.monotonic() < end:
            try:
                self.screen += os.read(self.keyboard, 4096)
            except (BlockingIOError, OSError):
                time.sleep(0.01)
        return text.encode() in self.screen


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with NamespaceSandbox(state=tmp_path / "state") as sandbox:
        yield Lab(sandbox, tmp_path)


@pytest.fixture
def desk() -> Iterator[tuple[Person, int]]:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 33, 77, 0, 0))
    yield Person(ours), theirs
    os.close(ours)
    os.close(theirs)


def shell(line: str, **changes: object) -> Process:
    return replace(PLAIN, args=("sh", "-c", line), **changes)  # type: ignore[arg-type]


class Attached(threading.Thread):
    """An attach() that runs while the person types."""

    def __init__(self, lab: Lab, process: Process, terminal: int) -> None:
        super().__init__()
        self.lab = lab
        self.process = process
        self.terminal = terminal
        self.code: int | None = None

    def run(self) -> None:
        streams = Streams(self.terminal, self.terminal, self.terminal)
        self.code = self.lab.sandbox.attach(self.lab.rootfs(), self.process, tty=True, streams=streams)


def test_a_process_gets_a_terminal_of_the_same_size(lab: Lab, desk: tuple[Person, int]) -> None:
    person, terminal = desk
    attached = Attached(lab, shell("tty; stty size; echo $TERM; test -c /dev/console && exit 7"), terminal)

    attached.start()

    assert person.wait_for("/dev/pts/0\r\n33 77\r\nxterm\r\n")
    attached.join(60)
    assert attached.code == 7


def test_keys_arrive_and_control_c_interrupts(lab: Lab, desk: tuple[Person, int]) -> None:
    person, terminal = desk
    attached = Attached(lab, shell("read line; echo got $line; sleep 1000; echo not here"), terminal)

    attached.start()
    person.type("hello\r")
    got = person.wait_for("got hello")
    person.type("\x03")
    attached.join(60)

    assert got
    assert attached.code == 128 + signal.SIGINT
    assert b"not here" not in person.screen


def test_the_caller_s_terminal_is_raw_meanwhile_and_then_as_before(lab: Lab, desk: tuple[Person, int]) -> None:
    person, terminal = desk
    before = termios.tcgetattr(terminal)
    attached = Attached(lab, shell("echo ready; read line"), terminal)

    attached.start()
    ready = person.wait_for("ready")
    meanwhile = termios.tcgetattr(terminal)
    person.type("\r")
    attached.join(60)

    assert ready
    assert meanwhile[3] & (termios.ICANON | termios.ECHO) == 0
    assert termios.tcgetattr(terminal) == before


def test_job_control_works_in_an_interactive_shell(lab: Lab, desk: tuple[Person, int]) -> None:
    person, terminal = desk
    attached = Attached(lab, replace(PLAIN, args=("sh", "-i")), terminal)

    attached.start()
    assert person.wait_for("# ")
    person.type("sh -c 'echo run''ning; exec sleep 100'\r")
    assert person.wait_for("running")
    person.type("\x1a")
    stopped = person.wait_for("Stopped")
    person.type("exit 4\r")
    time.sleep(0.1)
    person.type("exit 4\r")
    attached.join(60)

    assert stopped
    assert attached.code == 4
    assert b"job control" not in person.screen


def test_another_user_owns_the_terminal(lab: Lab, desk: tuple[Person, int]) -> None:
    person, terminal = desk
    alice = Credentials(1000, 1000, (1000,), "/home/alice")
    attached = Attached(lab, shell("stat -c %u $(tty); echo fine > /dev/tty", credentials=alice), terminal)

    attached.start()

    assert person.wait_for("1000\r\nfine\r\n")
    attached.join(60)
    assert attached.code == 0


def test_a_lot_of_output_comes_whole(lab: Lab, desk: tuple[Person, int]) -> None:
    person, terminal = desk
    attached = Attached(lab, shell("seq 1 20000; echo end"), terminal)

    attached.start()

    assert person.wait_for("\nend\r\n")
    attached.join(60)
    assert person.screen.split() == [*(str(number).encode() for number in range(1, 20001)), b"end"]


def test_the_end_of_the_input_is_passed_on(lab: Lab, desk: tuple[Person, int]) -> None:
    _, terminal = desk
    read_end, write_end = os.pipe()
    os.write(write_end, b"one\ntwo\n")
    os.close(write_end)

    streams = Streams(read_end, terminal, terminal)
    code = lab.sandbox.attach(lab.rootfs(), shell("test $(cat | wc -l) = 2"), tty=True, streams=streams)

    os.close(read_end)
    assert code == 0


def test_without_a_keyboard_the_size_is_that_of_the_screen(lab: Lab, desk: tuple[Person, int]) -> None:
    person, terminal = desk

    with open(os.devnull, "rb") as nothing:
        code = lab.sandbox.attach(
            lab.rootfs(), shell("stty size"), tty=True, streams=Streams(nothing.fileno(), terminal, terminal)
        )

    assert code == 0
    assert person.wait_for("33 77")


def test_a_new_size_is_passed_on(tmp_path: Path) -> None:
    code = f"""
import os, sys
sys.path[:0] = {sys.path!r}
from pathlib import Path
from fakes.sandbox_lab import Lab, PLAIN
from dataclasses import replace
from stagemill.errors import CancelledError
from stagemill.sandbox.namespaces import NamespaceSandbox
with NamespaceSandbox(state=Path({str(tmp_path / "state")!r})) as sandbox:
    lab = Lab(sandbox, Path({str(tmp_path)!r}))
    line = "trap 'stty size; exit 6' WINCH; echo ready; while :; do sleep 0.05; done"
    sys.exit(sandbox.attach(lab.rootfs(), replace(PLAIN, args=("sh", "-c", line)), tty=True))
"""
    ours, theirs = pty.openpty()
    person = Person(ours)
    with subprocess.Popen([sys.executable, "-c", code], stdin=theirs, stdout=theirs, stderr=theirs) as caller:
        ready = person.wait_for("ready")
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 44, 111, 0, 0))
        caller.send_signal(signal.SIGWINCH)
        shown = person.wait_for("44 111")
        status = caller.wait(60)
    os.close(ours)
    os.close(theirs)

    assert (ready, shown, status) == (True, True, 6)


@pytest.mark.parametrize(("number", "expected"), [(signal.SIGINT, 5), (signal.SIGTERM, 6)])
def test_without_a_terminal_the_streams_are_the_caller_s_and_signals_are_passed_on(
    tmp_path: Path, number: signal.Signals, expected: int
) -> None:
    code = f"""
import os, sys
sys.path[:0] = {sys.path!r}
from pathlib import Path
from fakes.sandbox_lab import Lab, PLAIN
from dataclasses import replace
from stagemill.errors import CancelledError
from stagemill.sandbox.namespaces import NamespaceSandbox
with NamespaceSandbox(state=Path({str(tmp_path / "state")!r})) as sandbox:
    lab = Lab(sandbox, Path({str(tmp_path)!r}))
    line = "trap 'exit 5' INT; trap 'exit 6' TERM; read line; echo got $line; while :; do sleep 0.05; done"
    sys.exit(sandbox.attach(lab.rootfs(), replace(PLAIN, args=("sh", "-c", line)), tty=False))
"""
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as caller:
        assert caller.stdin is not None
        assert caller.stdout is not None
        caller.stdin.write(b"hello\n")
        caller.stdin.flush()
        line = caller.stdout.readline()
        caller.send_signal(number)
        status = caller.wait(60)

    assert (line, status) == (b"got hello\n", expected)


def test_from_another_thread_it_is_stopped_and_follows_the_size_without_signals(
    lab: Lab, desk: tuple[Person, int]
) -> None:
    person, terminal = desk
    before = termios.tcgetattr(terminal)
    cancelled = threading.Event()
    raised: list[BaseException] = []

    def attach() -> None:
        streams = Streams(terminal, terminal, terminal)
        process = shell("trap 'stty size' WINCH; echo ready; while :; do sleep 0.05; done")
        try:
            lab.sandbox.attach(lab.rootfs(), process, tty=True, cancelled=cancelled, streams=streams)
        except CancelledError as error:
            raised.append(error)

    thread = threading.Thread(target=attach)
    thread.start()
    assert person.wait_for("ready")
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", 44, 88, 0, 0))
    assert person.wait_for("44 88")
    cancelled.set()
    thread.join(60)

    assert len(raised) == 1
    assert termios.tcgetattr(terminal) == before
