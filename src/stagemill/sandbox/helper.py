"""`Helper`, the process that forks a sandbox whenever it is asked to; started when it is first needed."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

from stagemill.errors import SandboxError

_PROGRAM = Path(__file__).parent / "inside" / "helper.py"
_PACKAGES = Path(__file__).parent.parent.parent
_PATIENCE = 5.0  # seconds that it gets to end by itself
_INHERITED = ("LD_LIBRARY_PATH",)  # without which some a Python does not start


class Helper:
    """Thread-safe. Started from a process that may have threads, it has none, and so may fork without care.

    `place` is a path that it and its sandboxes have in their command lines, to be told apart by who looks at processes.
    """

    def __init__(self, place: Path) -> None:
        self._place = place
        self._lock = threading.Lock()
        self._running: tuple[subprocess.Popen[bytes], socket.socket] | None = None

    def launch(self, control: socket.socket, stdio: tuple[int, int, int]) -> None:
        """Has a sandbox begin on the other end of `control`. The descriptors are the caller's to close."""
        descriptors = [control.fileno(), *stdio]
        with self._lock:
            # Where somebody killed it, a second one is as good.
            if not (self._sent(descriptors) or self._sent(descriptors)):
                raise SandboxError(
                    "the helper that starts sandboxes ends as soon as it is started",
                    hint=f"does `{sys.executable} -I -S -c 'import ctypes'` work? is the machine out of memory?",
                )

    def _sent(self, descriptors: list[int]) -> bool:
        try:
            socket.send_fds(self._seat(), [b"!"], descriptors)
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
        options = [str(_PACKAGES), str(os.getpid()), str(self._place)]
        command = [sys.executable, "-I", "-S", "-X", "utf8", str(_PROGRAM), *options]
        with theirs:
            try:
                # In a session of its own: a Ctrl-C at the terminal is for the caller, who decides what to stop. Without the
                # caller's variables, secrets among them: process 1 of a sandbox is a fork of it, and in /proc there.
                process = subprocess.Popen(
                    command,
                    env={name: os.environ[name] for name in _INHERITED if name in os.environ},
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    cwd="/",
                    start_new_session=True,
                )
            except OSError as error:
                ours.close()
                hint = "stagemill runs its sandboxes with the Python it was started with; is that still there?"
                raise SandboxError(f"cannot start {sys.executable}: {error.strerror}", hint=hint) from error
        return process, ours

    def _stop(self) -> None:
        if self._running is None:
            return
        process, seat = self._running
        self._running = None
        seat.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_PATIENCE)
            return
        process.kill()
        process.wait()
