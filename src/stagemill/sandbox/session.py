"""`Session`, the conversation with one sandbox: its request goes out, its output, failure or exit code comes back."""

from __future__ import annotations

import os
import select
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self, TypeAlias

from stagemill.errors import CancelledError, SandboxError
from stagemill.sandbox.helper import Helper
from stagemill.sandbox.inside import ground, wire
from stagemill.sandbox.inside.wire import Channel

if TYPE_CHECKING:  # the helper shares that module and has no time for typing's classes
    from stagemill.sandbox.inside.wire import Report, Request

Stream: TypeAlias = Literal["stdout", "stderr"]
OutputSink: TypeAlias = Callable[[Stream, bytes], None]

GRACE = 3000  # milliseconds between SIGTERM and SIGKILL
_GLANCE = 100  # milliseconds between two looks at whether somebody cancelled
_CHUNK = 1 << 16


class Session:
    """One sandbox, from its start until nothing of it is left; leaving the block early kills it."""

    def __init__(self, helper: Helper, request: Request, *, stdio: tuple[int, int, int]) -> None:
        ours, theirs = socket.socketpair()
        self._socket = ours
        self._channel = Channel(ours)
        self._code: int | None = None
        self._gone = False
        self._failure: Report | None = None
        self._process: int | None = None
        self._terminal: int | None = None
        with theirs:
            try:
                helper.launch(theirs, stdio, ground=ground.of(request))
            except BaseException:
                ours.close()
                raise
        with suppress(BrokenPipeError):  # what happened is seen by who reads
            self._channel.send(request)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # The sandbox is killed as soon as the conversation is over on our side; its last word tells that it is dead.
        with suppress(OSError):
            self._channel.finish()
        while not self.ended:
            self.listen()
        self._socket.close()
        for descriptor in (self._process, self._terminal):
            if descriptor is not None:
                os.close(descriptor)

    def fileno(self) -> int:
        return self._channel.fileno()

    @property
    def ended(self) -> bool:
        """Whether every process of the sandbox is gone."""
        return self._gone or self._code is not None

    @property
    def terminal(self) -> int | None:
        """The controlling end of the sandbox's terminal, once it is there; closed at the end of the session."""
        return self._terminal

    def signal(self, number: int) -> None:
        with suppress(BrokenPipeError):
            self._channel.send({"signal": number})

    def cancel(self) -> None:
        """SIGTERM now, SIGKILL for everything after the grace."""
        with suppress(BrokenPipeError):
            self._channel.send({"cancel": GRACE})

    def listen(self) -> None:
        """Takes in what has been reported; waits where there is nothing yet."""
        lines = self._channel.receive()
        if lines is None:
            self._outlive()
        for line in lines or ():
            self._take_in(wire.report(line))

    def _take_in(self, report: Report) -> None:
        if "error" in report:
            self._failure = self._failure or report
        if "process" in report:
            self._process = self._channel.take_descriptor()
        if "terminal" in report:
            self._terminal = self._channel.take_descriptor()
        if "exit" in report:
            self._code = report["exit"]

    def _outlive(self) -> None:
        """Nobody is left to report; the sandbox dies with who watched over it, and this waits until it has."""
        if self._process is not None:
            poller = select.poll()
            poller.register(self._process, select.POLLIN)
            poller.poll()
        self._gone = True

    def result(self) -> int:
        """The exit code, after the end. Raises SandboxError where there never was a process, or nobody saw it end."""
        if self._failure is not None:
            raise SandboxError(self._failure["error"], hint=self._failure.get("hint"))
        if self._code is None:
            raise SandboxError(
                "the sandbox ended without a word: something outside killed it, or it could not begin",
                hint="is the machine out of memory or of processes? `dmesg` tells",
            )
        return self._code


def relay(session: Session, streams: Mapping[int, Stream], output: OutputSink, *, cancelled: threading.Event) -> int:
    """Passes on what comes out of the pipes until the sandbox has ended; returns its exit code.

    Raises CancelledError where it was cancelled before that.
    """
    poller = select.poll()
    for descriptor in (*streams, session.fileno()):
        poller.register(descriptor, select.POLLIN)
    stopped = False
    while not session.ended:
        if cancelled.is_set() and not stopped:
            stopped = True
            session.cancel()
        for descriptor, _ in poller.poll(_GLANCE):
            if descriptor == session.fileno():
                session.listen()
            elif not _pass_on(descriptor, streams[descriptor], output):
                poller.unregister(descriptor)
    for descriptor, stream in streams.items():
        _drain(descriptor, stream, output)
    if stopped:
        raise CancelledError("the process was stopped before it was done")
    return session.result()


def _pass_on(descriptor: int, stream: Stream, output: OutputSink) -> bool:
    data = os.read(descriptor, _CHUNK)
    if data:
        output(stream, data)
    return bool(data)


def _drain(descriptor: int, stream: Stream, output: OutputSink) -> None:
    """The rest of what a dead process wrote; does not wait for others who may hold the pipe."""
    os.set_blocking(descriptor, False)
    with suppress(BlockingIOError):
        while _pass_on(descriptor, stream, output):
            pass
