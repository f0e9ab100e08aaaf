"""`Desk`: a person at a terminal that a real program runs on: types, reads what shows up, and waits for words, not for time."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 120.0
"""Seconds after which a word is taken to be missing."""


class Desk:
    """`screen` is all that has been shown; `wait_for` goes on behind what was waited for before. `before` are the terminal's
    settings as the program found them.
    """

    def __init__(self, process: subprocess.Popen[bytes], keyboard: int, before: list[object]) -> None:
        self.process = process
        self.before = before
        self.screen = ""
        self._keyboard = keyboard
        self._seen = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")  # what is read may end within a character

    def type(self, text: str) -> None:
        os.write(self._keyboard, text.encode())

    def wait_for(self, text: str) -> str:
        """What was shown up to the text, from where the last one ended."""
        end = time.monotonic() + PATIENCE
        while text not in self.screen[self._seen :]:
            assert self._read(end), f"no {text!r} in:\n{self.screen}"
        start, self._seen = self._seen, self.screen.index(text, self._seen) + len(text)
        return self.screen[start : self._seen]

    def status(self) -> int:
        """The status with which it ends; all that is shown until then is in `screen`."""
        end = time.monotonic() + PATIENCE
        while self._read(end):
            pass
        return self.process.wait(PATIENCE)

    @property
    def settings(self) -> list[object]:
        return list(termios.tcgetattr(self._keyboard))

    def _read(self, end: float) -> bool:
        """Whether there was more."""
        if not select.select([self._keyboard], [], [], max(end - time.monotonic(), 0))[0]:
            return False
        try:
            data = os.read(self._keyboard, 1 << 16)
        except OSError:  # the end of a terminal
            return False
        self.screen += self._decoder.decode(data)
        return bool(data)


@contextmanager
def desk(command: Sequence[str], *, env: Mapping[str, str], cwd: Path) -> Iterator[Desk]:
    """Starts a program on a terminal of 40 by 120, which is its own: Ctrl-C reaches it. It is gone afterwards."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 40, 120, 0, 0))
    before: list[object] = list(termios.tcgetattr(theirs))
    process = subprocess.Popen(
        ["setsid", "--ctty", *command], env={**env}, cwd=cwd, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    try:
        yield Desk(process, ours, before)
    finally:
        os.close(ours)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE)
