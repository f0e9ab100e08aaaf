"""`Input`, what is tried, and `Fuzzer`, who makes such inputs and knows what must hold for each."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Input:
    """`data` is what shrinks when a failure is reduced; `salt` decides everything else, and stays."""

    data: bytes
    salt: int = 0


class Fuzzer(Protocol):
    """One kind of input."""

    def make(self, rng: Random) -> Input:
        """An input; equal random numbers make equal inputs."""
        ...

    def check(self, given: Input) -> None:
        """Raises for whatever must not happen; an input that is refused in words for people is none of that."""
        ...


def numbered(fuzzer: Fuzzer, *, name: str, seed: int, number: int) -> Input:
    """The input that a fuzzer makes of a seed and a number, in every process and on every machine."""
    return fuzzer.make(Random(f"{name} {seed} {number}"))
