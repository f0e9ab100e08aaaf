"""`lanes`: which steps of a build ran beside each other, as lines of a timeline."""

from __future__ import annotations

from collections.abc import Iterable

_SLACK = 0.002  # seconds: times in journals are rounded


def lanes(spans: Iterable[tuple[str, float, float]]) -> dict[str, int]:
    """The lane of each span (its id, begin and end): the first that is free, so that there are as many as ran at once."""
    free: list[float] = []
    found: dict[str, int] = {}
    for name, begin, end in sorted(spans, key=lambda span: (span[1], span[2], span[0])):
        lane = next((number for number, until in enumerate(free) if until <= begin + _SLACK), len(free))
        if lane == len(free):
            free.append(end)
        free[lane] = end
        found[name] = lane
    return found
