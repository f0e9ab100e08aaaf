"""How long a transfer is borne with that brings little."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from stagemill.errors import RegistryError
from stagemill.registry.download import Download
from stagemill.registry.exchange import Request, Response, TransportError
from stagemill.registry.retry import Retries, Sender

MOST = 10_000  # requests: who asks more often never ends


@dataclass
class Trickle:
    """A server that sends `piece` bytes each `seconds`, and breaks off after so many pieces."""

    size: int
    piece: int
    seconds: float = 0.0
    breaks_after: int = 1 << 60
    now: float = 0.0
    offsets: list[int] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)

    def connect(self, offset: int) -> Response:
        assert len(self.offsets) < MOST
        self.offsets.append(offset)
        return _Answer(self, offset)

    def download(self) -> Download:
        def no_transport(_request: Request) -> Response:
            raise AssertionError

        sender = Sender(no_transport, Retries(), self.pauses.append, lambda: False, clock=lambda: self.now)
        return Download(self.connect, size=self.size, sender=sender, fail=lambda error: RegistryError(error.reason))


@dataclass
class _Answer:
    server: Trickle
    offset: int
    pieces: int = 0
    url: str = ""

    @property
    def status(self) -> int:
        return 206 if self.offset else 200

    def header(self, name: str) -> str:
        return f"bytes {self.server.offsets[-1]}-" if name == "Content-Range" else ""

    def read(self, size: int, /) -> bytes:
        if self.pieces == self.server.breaks_after:
            raise TransportError("the connection broke off", again=True)
        self.pieces += 1
        self.server.now += self.server.seconds
        data = bytes(min(size, self.server.piece, self.server.size - self.offset))
        self.offset += len(data)
        return data

    def close(self) -> None:
        pass


def all_of(download: Download) -> int:
    total = 0
    while data := download.read(1 << 20):
        total += len(data)
    return total


def test_a_transfer_that_crawls_counts_as_broken() -> None:
    server = Trickle(1_000_000, piece=10, seconds=1.0)

    with pytest.raises(RegistryError, match="it sent only 600 bytes in 60 seconds"):
        all_of(server.download())

    assert server.offsets == [0, 600, 1200, 1800]
    assert server.pauses == [1.0, 2.0, 4.0]


def test_one_that_is_slow_does_not() -> None:
    server = Trickle(1_000_000, piece=2000, seconds=1.0)

    assert all_of(server.download()) == 1_000_000
    assert server.offsets == [0]


def test_who_reads_slowly_is_not_blamed_on_the_server() -> None:
    server = Trickle(10_000, piece=10)
    download = server.download()
    total = 0
    while data := download.read(1 << 20):
        total += len(data)
        server.now += 100.0

    assert (total, server.offsets) == (10_000, [0])


def test_a_byte_at_a_time_is_not_borne_with_for_ever() -> None:
    server = Trickle(1_000_000_000, piece=1, breaks_after=1)

    with pytest.raises(RegistryError, match="the connection broke off"):
        all_of(server.download())

    assert len(server.offsets) == 4


def test_a_hundredth_of_it_is_worth_new_patience() -> None:
    server = Trickle(100_000, piece=1000, breaks_after=1)

    assert all_of(server.download()) == 100_000
    assert len(server.offsets) == 100
    assert set(server.pauses) == {1.0}
