"""The helper process: single-threaded and small, so that it forks in a millisecond; one fork for each sandbox.

It is started as `python -I -S helper.py PACKAGES CALLER PROGRAM PLACE`: the directory of our package, the caller's process id,
the number of the descriptor that it was started by, which is of no more use, and what it is known by.
Its standard input is the seat, a socket that brings one message with four descriptors for each sandbox. It ends, and
with it every sandbox, when the seat is closed or the caller is gone.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
from contextlib import suppress

sys.path.insert(0, sys.argv[1])

from stagemill.sandbox.inside import launch, seccomp, syscalls, wire
from stagemill.sandbox.inside.failure import Failure


def serve(seat: socket.socket, caller: int) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the processes that watch over sandboxes
    profile = _profile()
    poller = select.poll()
    poller.register(seat, select.POLLIN)
    with suppress(OSError):  # the caller may be gone already, and then the seat is closed
        poller.register(os.pidfd_open(caller), select.POLLIN)
    while all(descriptor == seat.fileno() for descriptor, _ in poller.poll()):
        message, descriptors = wire.receive(seat, 1)
        if not message:
            return
        _fork(seat, descriptors, profile)


def _profile() -> bytes | Failure:
    try:
        return seccomp.program(os.uname().machine)
    except Failure as error:
        return error


def _fork(seat: socket.socket, descriptors: list[int], profile: bytes | Failure) -> None:
    myself = os.getpid()
    try:
        pid = os.fork()
    except OSError:
        pid = -1  # the caller sees its socket closed without an answer
    if pid == 0:
        try:
            seat.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            syscalls.die_with_parent(signal.SIGKILL)
            if os.getppid() == myself:
                control, stdin, stdout, stderr = descriptors
                launch.launch(control, (stdin, stdout, stderr), seccomp=profile)
        finally:
            os._exit(0)
    for descriptor in descriptors:
        os.close(descriptor)


if __name__ == "__main__":
    os.close(int(sys.argv[3]))
    with socket.socket(fileno=os.dup(0)) as stream:
        os.dup2(1, 0)  # /dev/null, so that no other file takes the number
        serve(stream, int(sys.argv[2]))
