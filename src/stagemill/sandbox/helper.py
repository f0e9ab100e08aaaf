"""`Helper`, the process that forks a sandbox whenever it is asked to; started when it is first needed."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from stagemill.errors import SandboxError
from stagemill.sandbox.inside.ground import Ground
from stagemill.sandbox.inside.wire import SPECIAL, USUAL

_PROGRAM = Path(__file__).parent / "inside" / "helper.py"
_PACKAGES = Path(__file__).parent.parent.parent
_INHERITED = ("LD_LIBRARY_PATH",)  # without which some a Python does not start


class Helper:
    """Thread-safe. Started from a process that may have threads, it has none, and so may fork without care.

    `place` is where sandboxes mount their own file system. They all have it in their command lines, and can be told apart by it.
    """

    def __init__(self, place: Path) -> None:
        self._place = place
        self._lock = threading.Lock()
        self._running: tuple[subprocess.Popen[bytes], socket.socket] | None = None

    def start(self) -> None:
        """It runs afterwards, so that the first sandbox need not wait for that. Raises SandboxError."""
        with self._lock:
            self._seat()

    def launch(self, control: socket.socket, stdio: tuple[int, int, int], *, ground: Ground) -> None:
        """Has a sandbox begin on the other end of `control`. The descriptors are the caller's to close.

        On the usual ground one serves that is half made.
        """
        descriptors = [control.fileno(), *stdio]
        order = USUAL if ground == Ground(str(self._place)) else SPECIAL
        with self._lock:
            # Where somebody killed it, a second one is as good.
            if not (self._sent(order, descriptors) or self._sent(order, descriptors)):
                raise SandboxError(
                    "the helper that starts sandboxes ends as soon as it is started",
                    hint=f"does `{sys.executable} -I -S -c 'import ctypes'` work? is the machine out of memory?",
                )

    def _sent(self, order: bytes, descriptors: list[int]) -> bool:
        try:
            socket.send_fds(self._seat(), [order], descriptors)
        except (BrokenPipeError, ConnectionResetError):
            self._stop()
            return False
        return True

    def close(self) -> None:
        """Ends the helper, and with it whatever still runs in its sandboxes."""
        with self._lock:
            self._stop()

    def _seat(self) -> socket.socket:
        if self._running is None:
            self._running = self._start()
        return self._running[1]

    def _start(self) -> tuple[subprocess.Popen[bytes], socket.socket]:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs, _read_only(sys.executable) as program:
                return _spawn(theirs, program, place=self._place), ours
        except OSError as error:
            ours.close()
            hint = "sandboxes run with the Python of stagemill itself; is it still there, and may this process mount anything?"
            raise SandboxError(f"cannot start {sys.executable}: {error.strerror}", hint=hint) from error

    def _stop(self) -> None:
        if self._running is None:
            return
        process, seat = self._running
        self._running = None
        seat.close()
        # It keeps nothing that would have to be put away, and what it has started ends with it, however it ends.
        process.kill()
        process.wait()


def _spawn(seat: socket.socket, program: int, *, place: Path) -> subprocess.Popen[bytes]:
    """In a session of its own: a Ctrl-C at the terminal is for the caller, who decides what to stop. Without the caller's
    variables, secrets among them: process 1 of a sandbox is a fork of the helper, and in /proc there.
    """
    arguments = map(str, (_PROGRAM, _PACKAGES, os.getpid(), program, place))
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-X", "utf8", *arguments],
        executable=f"/proc/self/fd/{program}",
        pass_fds=(program,),
        env={name: os.environ[name] for name in _INHERITED if name in os.environ},
        stdin=seat.fileno(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
    )


@contextlib.contextmanager
def _read_only(program: str) -> Iterator[int]:
    """The file of a program in a mount of its own that nobody can write to. Raises OSError.

    Until a sandboxed process has become its own program, /proc/self/exe is that of the helper: an image could run it, with a
    dynamic loader of its own, and change mode, owner or bytes of the host's file (CVE-2019-5736).
    """
    from stagemill.sandbox.inside import syscalls  # noqa: PLC0415  a build from the cache starts no helper

    descriptor = syscalls.open_tree(os.path.realpath(program), recursive=False)
    try:
        syscalls.mount_setattr(descriptor, syscalls.MOUNT_ATTR_RDONLY)
        yield descriptor
    finally:
        os.close(descriptor)
