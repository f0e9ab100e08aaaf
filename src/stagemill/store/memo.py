"""`Memo`: a small file of the store that may be lost without harm; what is read from it is what somebody wrote, or nothing."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from stagemill.store.faults import explained
from stagemill.store.temporary import Temporary


class Memo:
    """One such file. It begins with `magic`, which says what is in it and in which version."""

    def __init__(self, path: Path, temporary: Temporary, *, magic: bytes) -> None:
        self._path = path
        self._temporary = temporary
        self._magic = magic

    def read(self) -> bytes:
        """What was written last; nothing where there is no file, or a torn one."""
        try:
            data = self._path.read_bytes()
        except OSError:
            return b""
        head = len(self._magic) + 32
        body = data[head:]
        return body if data[:head] == self._magic + hashlib.sha256(body).digest() else b""

    def write(self, body: bytes | bytearray) -> None:
        """Afterwards the file is this one, for other processes too. Raises StoreError."""
        path = self._temporary.new()
        with explained("write", path):
            try:
                with path.open("wb") as file:
                    file.write(self._magic + hashlib.sha256(body).digest())
                    file.write(body)
                os.rename(path, self._path)
            except OSError:
                with suppress(OSError):
                    path.unlink()
                raise
