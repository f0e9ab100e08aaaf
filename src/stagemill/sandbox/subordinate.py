"""Subordinate ids: the ranges of /etc/subuid and /etc/subgid that a user may use in user namespaces (subuid(5))."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stagemill.values import dataclass

_FIRST = 100_000
_COUNT = 65_536


@dataclass(frozen=True, slots=True)
class Range:
    """`count` ids from `start` on, as the machine counts them."""

    start: int
    count: int


def ranges(text: str, *, user: str, uid: int) -> tuple[Range, ...]:
    """The ranges of a user, whose lines begin with the name or the number, in the order of the file."""
    owners = {user, str(uid)}
    return tuple(found for owner, found in _lines(text) if owner in owners and found.count)


def line_to_add(text: str, *, user: str) -> str:
    """A line that gives a user the customary number of ids, none of which the file gives to somebody already."""
    end = max((found.start + found.count for _, found in _lines(text)), default=0)
    return f"{user}:{max(end, _FIRST)}:{_COUNT}"


def mapping(own: int, subordinate: Sequence[Range]) -> tuple[str, ...]:
    """The arguments of newuidmap and newgidmap: 0 is the user, and 1 and up are the subordinate ids."""
    arguments = ["0", str(own), "1"]
    inside = 1
    for found in subordinate:
        arguments += [str(inside), str(found.start), str(found.count)]
        inside += found.count
    return tuple(arguments)


def _lines(text: str) -> Iterable[tuple[str, Range]]:
    for line in text.splitlines():
        owner, *numbers = line.strip().split(":")
        if len(numbers) == 2 and all(number.isascii() and number.isdigit() for number in numbers):
            yield owner, Range(int(numbers[0]), int(numbers[1]))
