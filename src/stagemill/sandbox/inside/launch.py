"""The process that watches over one sandbox from outside: makes its process 1, carries orders in, and reports the end."""

from __future__ import annotations

import os
import select
import signal
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from stagemill.sandbox.inside import emulation, failure, init, syscalls, wire
from stagemill.sandbox.inside.failure import Failure
from stagemill.sandbox.inside.ground import of
from stagemill.sandbox.inside.wire import Channel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stagemill.sandbox.inside.ground import Ground


def launch(orders: socket.socket, ground: Ground | None, *, seccomp: bytes | Failure) -> None:
    """Runs one sandbox to its end. Its descriptors come by `orders`, and the request is the first line on its control socket.

    Where the ground is known, what needs no request is made before they come.
    """
    first = None
    if ground and not isinstance(seccomp, Failure):
        with suppress(OSError, Failure):  # it is tried again, and told, when there is somebody to tell it
            first = _begin(ground, seccomp, strange=[orders.fileno()])
    message, descriptors = wire.receive(orders, 1)
    orders.close()
    if not message:
        return
    channel = Channel(socket.socket(fileno=descriptors[0]))
    lines = channel.first_lines()
    if not lines:
        return
    code = init.FAILED
    with channel.reporting("cannot watch over the sandbox"):
        if isinstance(seccomp, Failure):
            raise seccomp
        first = first or _begin(of(wire.request(lines[0])), seccomp, strange=descriptors)
        first.give(lines[0], descriptors)
        for descriptor in descriptors[1:]:
            os.close(descriptor)
        code = Watcher(channel, first.pid).watch(lines[1:])
    with suppress(BrokenPipeError):
        channel.send({"exit": code})


class First(NamedTuple):
    """Process 1 of a sandbox, which waits for its request."""

    pid: int
    stream: socket.socket

    def give(self, request: bytes, descriptors: Sequence[int]) -> None:
        with self.stream, suppress(BrokenPipeError):  # how it ended is seen by who watches over it
            Channel(self.stream).send_line(request, descriptors)


def _begin(ground: Ground, seccomp: bytes, *, strange: Sequence[int]) -> First:
    """Process 1 of a new process namespace, with signals blocked; its other namespaces are its own doing, so that they
    end with it. It gets its descriptors with the request, and has none of those that are `strange`.
    """
    if ground.emulators and not emulation.enter():
        ground = ground._replace(emulators=())
    try:
        syscalls.unshare(syscalls.CLONE_NEWPID)
    except OSError as error:
        raise failure.of("cannot make a namespace for processes", error) from error
    watched, watching = os.pipe()
    ours, theirs = socket.socketpair()
    # Process 1 begins with them blocked: the kernel drops what it gets before it waits for signals.
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        pid = os.fork()
    except OSError as error:
        raise failure.of("cannot start the sandbox's first process", error) from error
    if pid == 0:
        os.close(watching)
        ours.close()
        for descriptor in strange:
            os.close(descriptor)
        init.run(ground, Channel(theirs), parent=watched, seccomp=seccomp)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    theirs.close()
    os.close(watched)  # the other end stays open until this process ends
    return First(pid, ours)


class Watcher:
    """Waits for process 1, and for orders about it."""

    def __init__(self, channel: Channel, pid: int) -> None:
        self._channel = channel
        self._pid = pid
        self._patience: int | None = None  # milliseconds until it is killed

    def watch(self, lines: list[bytes]) -> int:
        """Carries out orders until process 1 has ended; returns its exit code."""
        ended = os.pidfd_open(self._pid)
        self._channel.send({"process": True}, [ended])
        for line in lines:
            self._obey(line)
        poller = select.poll()
        poller.register(ended, select.POLLIN)
        poller.register(self._channel, select.POLLIN)
        while True:
            ready = dict(poller.poll(self._patience))
            if ended in ready:
                _, status = os.waitpid(self._pid, 0)
                return init.exit_code(status)
            if not ready:
                self._patience = None
                self._kill(signal.SIGKILL)
            elif not self._listen():
                poller.unregister(self._channel)
                self._kill(signal.SIGKILL)

    def _listen(self) -> bool:
        """False when the caller is gone."""
        lines = self._channel.receive()
        for line in lines or ():
            self._obey(line)
        return lines is not None

    def _obey(self, line: bytes) -> None:
        order = wire.order(line)
        if "cancel" in order:
            self._patience = order["cancel"]
            self._kill(signal.SIGTERM)
        elif "signal" in order:
            self._kill(order["signal"])

    def _kill(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(self._pid, number)
