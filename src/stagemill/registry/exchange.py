"""`Request` and `Response`: one question over HTTP and its answer, without a word about who carries them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import Protocol, TypeAlias

from stagemill.values import dataclass

REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""Statuses of an answer that is to be had elsewhere."""


@dataclass(frozen=True, slots=True)
class Payload:
    """A body too large to be held: `open` gives its `size` bytes, from the start each time that it is sent."""

    size: int
    open: Callable[[], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Request:
    """A question; the `Authorization` header never travels to another origin than the URL's.

    Nor does the body where it is `secret`: a redirection to another one is an error then. `patience` is how many seconds the answer may take, where that is more than usual.
    """

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    body: bytes | Payload | None = None
    patience: float | None = None
    secret: bool = False


class Response(Protocol):
    """An answer whose body is still on the way; whoever has it closes it."""

    @property
    def status(self) -> int: ...

    @property
    def url(self) -> str:
        """Where it came from, after all redirections."""
        ...

    def header(self, name: str) -> str:
        """A header, several of one name joined by commas; empty where there is none."""
        ...

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes of the body, b"" at its end. Raises TransportError where it breaks off."""
        ...

    def close(self) -> None: ...


Send: TypeAlias = Callable[[Request], Response]


class TransportError(Exception):
    """No answer, or half of one. `again` says whether it may be worth another try."""

    def __init__(self, reason: str, *, again: bool, hint: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.again = again
        self.hint = hint


def body(response: Response, *, limit: int) -> bytes:
    """The whole of a small body, and the response closed. Raises TransportError where it is longer than `limit`."""
    try:
        pieces: list[bytes] = []
        left = limit
        while data := response.read(min(left + 1, 1 << 16)):
            left -= len(data)
            if left < 0:
                raise TransportError(f"sent a document of more than {limit} bytes", again=False)
            pieces.append(data)
        return b"".join(pieces)
    finally:
        response.close()
