"""`Spread`: what several measurements of one thing say: the one in the middle, and how far they lie apart."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """`low` and `high` are the outermost; with one measurement all three are the same and say nothing about chance."""

    median: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread | None:
        """None of nothing."""
        found = sorted(values)
        return cls(statistics.median(found), found[0], found[-1], len(found)) if found else None

    def overlaps(self, other: Spread) -> bool:
        """Whether the two may be the same thing, as far as these measurements tell."""
        return self.low <= other.high and other.low <= self.high


def ratio(one: Mapping[int, float], other: Mapping[int, float]) -> Spread | None:
    """`one` over `other`, round by round, so that what slowed a whole round down is in neither; None without a round of both.

    Both are by number of the round.
    """
    return Spread.of(value / other[turn] for turn, value in one.items() if other.get(turn))
