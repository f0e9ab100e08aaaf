"""The name that may have been meant, by the number of letters that differ, as BuildKit's checks propose it."""

from __future__ import annotations

from collections.abc import Iterable

_TOO_FAR = 3


def closest(word: str, names: Iterable[str]) -> str | None:
    """The name with the fewest differences, at most two; None where there is none. Sorted names are tried in order."""
    best, least = None, _TOO_FAR
    for name in sorted(names):
        if abs(len(name) - len(word)) < least and (differences := _distance(word, name)) < least:
            best, least = name, differences
    return best


def did_you_mean(word: str, names: Iterable[str], *, sign: str = "") -> str:
    """` (did you mean …?)`, or nothing."""
    near = closest(word, names)
    return f" (did you mean {sign}{near}?)" if near else ""


def _distance(first: str, second: str) -> int:
    """How many letters have to be put in, taken out or replaced (Levenshtein)."""
    row = list(range(len(second) + 1))
    for number, letter in enumerate(first, 1):
        above, row[0] = row[0], number
        for column, other in enumerate(second, 1):
            cost = min(row[column] + 1, row[column - 1] + 1, above + (letter != other))
            above, row[column] = row[column], cost
    return row[-1]
