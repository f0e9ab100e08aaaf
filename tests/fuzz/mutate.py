"""Mutations: bytes changed as chance has it, with an eye for lines, numbers and what the language knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

_EDGES = (
    b"\0",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\n",
    b"\r\n",
    b" ",
    b"\t",
    b"\\",
    b"'",
    b'"',
    b"$",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b"=",
)
_NUMBERS = (
    b"0",
    b"-1",
    b"1",
    b"255",
    b"256",
    b"65536",
    b"2147483648",
    b"4294967296",
    b"9223372036854775808",
    b"9" * 40,
)


@dataclass(frozen=True, slots=True)
class Mutations:
    """`words` are what the language knows, `others` are texts to cross with; nothing gets longer than `most` bytes."""

    words: Sequence[bytes]
    others: Sequence[bytes] = ()
    most: int = 1 << 15

    def of(self, data: bytes, rng: Random) -> bytes:
        """The data after a few mutations, often one, seldom many."""
        count = min(1 + int(rng.expovariate(0.6)), 12)
        for _ in range(count):
            data = rng.choice(_MUTATIONS)(self, data, rng)[: self.most]
        return data

    def _place(self, data: bytes, rng: Random) -> tuple[int, int]:
        """A stretch of the data: most are short."""
        start = rng.randrange(len(data) + 1)
        length = int(rng.expovariate(1 / rng.choice((2, 8, 64, 512))))
        return start, min(start + length, len(data))

    def flip(self, data: bytes, rng: Random) -> bytes:
        at = rng.randrange(len(data)) if data else 0
        return data[:at] + bytes(byte ^ 1 << rng.randrange(8) for byte in data[at : at + 1]) + data[at + 1 :]

    def replace(self, data: bytes, rng: Random) -> bytes:
        start, end = self._place(data, rng)
        return data[:start] + self._piece(rng) + data[end:]

    def insert(self, data: bytes, rng: Random) -> bytes:
        start, _ = self._place(data, rng)
        return data[:start] + self._piece(rng) + data[start:]

    def delete(self, data: bytes, rng: Random) -> bytes:
        start, end = self._place(data, rng)
        return data[:start] + data[end:]

    def double(self, data: bytes, rng: Random) -> bytes:
        start, end = self._place(data, rng)
        times = 1 << rng.randrange(12) if rng.random() < 0.1 else rng.randrange(1, 4)
        return data[:end] + data[start:end] * times + data[end:]

    def move(self, data: bytes, rng: Random) -> bytes:
        start, end = self._place(data, rng)
        rest = data[:start] + data[end:]
        to = rng.randrange(len(rest) + 1)
        return rest[:to] + data[start:end] + rest[to:]

    def cross(self, data: bytes, rng: Random) -> bytes:
        """The beginning of this and the end of another."""
        other = rng.choice(self.others) if self.others else data
        return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]

    def lines(self, data: bytes, rng: Random) -> bytes:
        """A line moved, doubled or taken away."""
        found = data.split(b"\n")
        line = found[at := rng.randrange(len(found))]
        if rng.random() < 0.7:
            del found[at]
        if rng.random() < 0.7:
            found.insert(rng.randrange(len(found) + 1), line)
        return b"\n".join(found)

    def _piece(self, rng: Random) -> bytes:
        match rng.randrange(5):
            case 0:
                return rng.randbytes(rng.randrange(1, 5))
            case 1:
                return rng.choice(_EDGES) * (1 if rng.random() < 0.9 else 1 << rng.randrange(10))
            case 2:
                return rng.choice(_NUMBERS)
            case _:
                return rng.choice(self.words)


_MUTATIONS: Sequence[Callable[[Mutations, bytes, Random], bytes]] = (
    Mutations.flip, Mutations.replace, Mutations.replace, Mutations.insert, Mutations.insert, Mutations.delete,
    Mutations.double, Mutations.move, Mutations.cross, Mutations.lines,
)  # fmt: skip
