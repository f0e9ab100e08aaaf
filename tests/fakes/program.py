"""`Said`: what the program printed when it was called within the test's own process. Not a fake: all is done for real."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Said:
    """What a command printed, and its status."""

    status: int
    stdout: bytes
    err: str

    @property
    def out(self) -> str:
        return self.stdout.decode()


Call: TypeAlias = Callable[..., Said]
