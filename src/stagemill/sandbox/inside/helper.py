"""The helper process: single-threaded and small, so that it forks in a millisecond; one fork for each sandbox.

It is started as `python -I -S helper.py PACKAGES CALLER PROGRAM PLACE`: the directory of our package, the caller's process id,
the number of the descriptor that it was started by, which is of no more use, and where sandboxes mount their own file system.
Its standard input is the seat, a socket that brings one message with four descriptors for each sandbox. One sandbox is half
made ahead: it waits for a message that it can serve. The helper ends, and with it every sandbox, when the seat is closed or
the caller is gone.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

sys.path.insert(0, sys.argv[1])

from stagemill.sandbox.inside import launch, seccomp, syscalls, wire
from stagemill.sandbox.inside.failure import Failure
from stagemill.sandbox.inside.ground import Ground

if TYPE_CHECKING:
    from collections.abc import Sequence


class Server:
    """`profile` is the filter of system calls, or why there is none."""

    def __init__(self, seat: socket.socket, caller: int, place: str) -> None:
        self._seat = seat
        self._caller = caller
        self._usual = Ground(place)
        self._profile = _profile()

    def serve(self) -> None:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the processes that watch over sandboxes
        poller = select.poll()
        poller.register(self._seat, select.POLLIN)
        with suppress(OSError):  # the caller may be gone already, and then the seat is closed
            poller.register(os.pidfd_open(self._caller), select.POLLIN)
        ahead = self._fork(self._usual)
        while all(descriptor == self._seat.fileno() for descriptor, _ in poller.poll()):
            message, descriptors = wire.receive(self._seat, 1)
            if not message:
                return
            usual = message == wire.USUAL
            if not usual or not _given(ahead, descriptors):  # somebody may have killed it
                _given(self._fork(self._usual if usual else None, strange=descriptors), descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            if usual:
                ahead = self._fork(self._usual)

    def _fork(self, ground: Ground | None, *, strange: Sequence[int] = ()) -> socket.socket:
        """A process that makes one sandbox, as soon as it gets descriptors; what the ground needs it makes at once.

        It must not have those that are `strange`: who waits for the end of a pipe would wait for it too.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        myself = os.getpid()
        with theirs:
            try:
                pid = os.fork()
            except OSError:
                return ours  # the caller sees its socket closed without an answer
            if pid:
                return ours
            try:
                ours.close()
                self._seat.close()
                for descriptor in strange:
                    os.close(descriptor)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                syscalls.die_with_parent(signal.SIGKILL)
                if os.getppid() == myself:
                    launch.launch(theirs, ground, seccomp=self._profile)
            finally:
                os._exit(0)


def _given(stream: socket.socket, descriptors: list[int]) -> bool:
    """Whether a process takes the descriptors. The connection with it is over in any case."""
    with stream:
        try:
            socket.send_fds(stream, [b"!"], descriptors)
        except (BrokenPipeError, ConnectionResetError):
            return False
    return True


def _profile() -> bytes | Failure:
    try:
        return seccomp.program(os.uname().machine)
    except Failure as error:
        return error


if __name__ == "__main__":
    os.close(int(sys.argv[3]))
    # What is here now stays to the end. A collector that looked through it in every fork would copy all of its pages.
    gc.disable()
    gc.freeze()
    with socket.socket(fileno=os.dup(0)) as stream:
        os.dup2(1, 0)  # /dev/null, so that no other file takes the number
        Server(stream, int(sys.argv[2]), sys.argv[4]).serve()
