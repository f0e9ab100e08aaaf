"""The caller's terminal, lent to a sandbox: raw, with its size kept equal, and put back whatever happens."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import termios
import threading
import tty
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TypeAlias

from stagemill.errors import CancelledError
from stagemill.sandbox.session import Session
from stagemill.values import dataclass

_CHUNK = 1 << 16
_END_OF_INPUT = b"\x04"
_DEFAULT_SIZE = (24, 80)
_GLANCE = 100  # milliseconds between two looks at whether somebody cancelled, and at the size of the terminal

Handler: TypeAlias = Callable[[int, FrameType | None], None]


@dataclass(frozen=True, slots=True)
class Streams:
    """The descriptors that an attached process reads and writes."""

    stdin: int = 0
    stdout: int = 1
    stderr: int = 2


def size(*descriptors: int) -> tuple[int, int]:
    """Rows and columns of the first that is a terminal; those of a plain old one where none is."""
    for descriptor in descriptors:
        with suppress(OSError):
            rows, columns, _, _ = struct.unpack("4H", fcntl.ioctl(descriptor, termios.TIOCGWINSZ, bytes(8)))
            if rows and columns:
                return rows, columns
    return _DEFAULT_SIZE


@contextmanager
def raw(descriptor: int) -> Iterator[None]:
    """Every key goes through as it is typed; the settings from before are back afterwards."""
    if not os.isatty(descriptor):
        yield
        return
    before = termios.tcgetattr(descriptor)
    try:
        tty.setraw(descriptor, termios.TCSADRAIN)
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


@contextmanager
def forwarded_signals(session: Session, *, resized: Callable[[], None] | None = None) -> Iterator[None]:
    """Signals to the caller become the sandboxed process's; only the main thread can do so, elsewhere nothing changes.

    SIGINT and SIGQUIT are passed on; SIGTERM and SIGHUP end the process, by force if it does not go.
    """
    handlers: dict[int, Handler] = {
        signal.SIGINT: lambda number, _: session.signal(number),
        signal.SIGQUIT: lambda number, _: session.signal(number),
        signal.SIGTERM: lambda *_: session.cancel(),
        signal.SIGHUP: lambda *_: session.cancel(),
    }
    if resized:
        handlers[signal.SIGWINCH] = lambda *_: resized()
    with _handling(handlers):
        yield


@contextmanager
def _handling(handlers: Mapping[int, Handler]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None:  # one that Python did not install cannot be put back by it
                signal.signal(number, handler)


class Relay:
    """Carries keys into a sandbox's terminal and its screen out, until the sandbox has ended.

    Where there is a `cancelled` no signal tells of anything: it is looked at now and then, as the terminal's size is.
    """

    def __init__(self, session: Session, streams: Streams, cancelled: threading.Event | None = None) -> None:
        self._session = session
        self._streams = streams
        self._cancelled = cancelled
        self._stopped = False
        self._size = (0, 0)
        self._typed = b""
        self._listening = True
        self._hung_up = False

    def run(self) -> int:
        """The exit code. The caller's terminal is raw meanwhile, if it is one. Raises CancelledError."""
        with forwarded_signals(self._session, resized=self._resize):
            while not self._session.ended and self._session.terminal is None:
                self._session.listen()
            if self._session.terminal is not None:
                with raw(self._streams.stdin):
                    self._relay(self._session.terminal)
        if self._stopped:
            raise CancelledError("the process was stopped before it was done")
        return self._session.result()

    def _resize(self) -> None:
        if self._session.terminal is not None:
            with suppress(OSError):
                rows, columns = self._size = size(self._streams.stdin, self._streams.stdout)
                fcntl.ioctl(self._session.terminal, termios.TIOCSWINSZ, struct.pack("4H", rows, columns, 0, 0))

    def _glance(self, cancelled: threading.Event) -> None:
        if size(self._streams.stdin, self._streams.stdout) != self._size:
            self._resize()
        if cancelled.is_set() and not self._stopped:
            self._stopped = True
            self._session.cancel()

    def _relay(self, terminal: int) -> None:
        os.set_blocking(terminal, False)
        self._resize()
        while not self._session.ended:
            ready = self._wait(terminal)
            if self._cancelled is not None:
                self._glance(self._cancelled)
            if self._streams.stdin in ready:
                self._read_keys()
            if terminal in ready:
                self._serve(terminal, ready[terminal])
            if self._session.fileno() in ready:
                self._session.listen()
        self._show(terminal)

    def _wait(self, terminal: int) -> dict[int, int]:
        poller = select.poll()
        poller.register(self._session, select.POLLIN)
        if not self._hung_up:
            poller.register(terminal, select.POLLIN | (select.POLLOUT if self._typed else 0))
        if self._listening and not self._typed:
            poller.register(self._streams.stdin, select.POLLIN)
        return dict(poller.poll(None if self._cancelled is None else _GLANCE))

    def _read_keys(self) -> None:
        try:
            self._typed = os.read(self._streams.stdin, _CHUNK)
        except OSError:
            self._typed = b""
        if not self._typed:
            self._listening = False
            self._typed = _END_OF_INPUT

    def _serve(self, terminal: int, events: int) -> None:
        if events & select.POLLOUT:
            with suppress(OSError):
                self._typed = self._typed[os.write(terminal, self._typed) :]
        if events & select.POLLIN:
            self._show(terminal)
        elif events & select.POLLHUP:  # init is gone, which had it open to the last
            self._hung_up = True

    def _show(self, terminal: int) -> None:
        """All that the screen has right now. At the end of a terminal the kernel answers EIO."""
        with suppress(OSError):
            while data := os.read(terminal, _CHUNK):
                _write(self._streams.stdout, data)


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
