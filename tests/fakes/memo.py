"""`MemoryMemo`, a Memo that outlives nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class MemoryMemo:
    body: bytes = b""
    written: int = 0

    def read(self) -> bytes:
        return self.body

    def write(self, body: bytes, /) -> None:
        self.body = body
        self.written += 1
