"""`Steps`: a pattern with several stars matched step by step, in time in proportion to pattern times path.

An expression of `re` with as many tries every way to share a path out among its stars, which `*a*a*a*b` and a long name make
a matter of hours. Here each step goes from all places where the one before may have ended to all where it may end itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Self

from stagemill.values import dataclass

STAR = "[^/]*"
DEEP = "(?:.*/)?"
REST = ".*"
_OPEN = frozenset({STAR, DEEP, REST})


@dataclass(frozen=True, slots=True)
class Steps:
    """`parts` are `STAR`, `DEEP`, `REST`, or expressions of fixed length; `needed` stands in every path that they match."""

    parts: tuple[str, ...]
    needed: str

    @classmethod
    def of(cls, parts: Iterable[str]) -> Self:
        """Parts are of one character each, where they are fixed; neighbours become one step."""
        joined: list[str] = []
        plain = [""]
        for part in parts:
            if joined and part not in _OPEN and joined[-1] not in _OPEN:
                joined[-1] += part
            else:
                joined.append(part)
            if _is_plain(part):
                plain[-1] += part[-1]
            else:
                plain.append("")
        return cls(tuple(joined), max(plain, key=len))

    def match(self, path: str) -> bool:
        """Whether they lead from the beginning of the path to its end."""
        if self.needed not in path:
            return False
        places = [0]
        for part in self.parts:
            places = _after(part, path, places)
        return bool(places) and places[-1] == len(path)


def _is_plain(part: str) -> bool:
    """Whether it is a character that stands for itself, behind a backslash or not."""
    return part not in _OPEN and part != "^" and len(part.removeprefix("\\")) == 1


def count(parts: Iterable[str]) -> int:
    """How many of them have no fixed length."""
    return sum(part in _OPEN for part in parts)


def _after(part: str, path: str, places: Sequence[int]) -> list[int]:
    """Where a step may end that begins at one of these places, which are in order as the result is."""
    match part:
        case "[^/]*":
            return list(_along(path, places))
        case "(?:.*/)?":
            return sorted({*places, *(place + 1 for place in _lines(path, places) if path[place] == "/")})
        case ".*":
            return sorted({*places, *(place + 1 for place in _lines(path, places))})
        case _:
            fixed = re.compile(part)
            return [found.end() for place in places if (found := fixed.match(path, place))]


def _along(path: str, places: Iterable[int]) -> Iterator[int]:
    """Every place that is reached without passing a slash."""
    done = -1
    for place in places:
        if place > done:
            end = path.find("/", place)
            done = len(path) if end < 0 else end
            yield from range(place, done + 1)


def _lines(path: str, places: Iterable[int]) -> Iterator[int]:
    """Every character that is reached from one of the places without passing a line feed."""
    done = -1
    for place in places:
        if place > done:
            end = path.find("\n", place)
            done = len(path) if end < 0 else end
            yield from range(place, done)
