"""What a sandbox may use at most: `Resources` of all its processes together, and `Ulimit`s of each."""

from __future__ import annotations

import re

from stagemill.regex import regex
from stagemill.values import dataclass

ULIMITS = (
    "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio",
    "rttime", "sigpending", "stack",
)  # fmt: skip
"""The names of docker's `--ulimit`; the kernel's are the same, in capitals behind RLIMIT_."""


@dataclass(frozen=True, slots=True)
class Resources:
    """Limits of a control group, as docker has them; 0 or an empty text is no limit.

    `memory` and `memory_swap` (both together, -1 for as much as there is) are in bytes, `cpu_period` and `cpu_quota` in
    microseconds. `cpuset_cpus` and `cpuset_mems` are lists such as `0-2,4`. `parent` is the group to be in, a path below
    the root of the hierarchy. `pids` is how many processes and threads there may be at once.
    """

    memory: int = 0
    memory_swap: int = 0
    cpu_shares: int = 0
    cpu_period: int = 0
    cpu_quota: int = 0
    cpuset_cpus: str = ""
    cpuset_mems: str = ""
    parent: str = ""
    pids: int = 0

    def __bool__(self) -> bool:
        return self != UNLIMITED


UNLIMITED = Resources()


@dataclass(frozen=True, slots=True)
class Ulimit:
    """A limit of each process, by docker's name; -1 is no limit."""

    name: str
    soft: int
    hard: int


_LAST = 1 << 16  # no machine has so many processors


def numbers(text: str) -> frozenset[int]:
    """A list such as `0-2,4`. Raises ValueError."""
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        low, high = int(first), int(last if dash else first)
        if low > high or high > _LAST or not (first + last).isdigit():
            raise ValueError(part)
        found.update(range(low, high + 1))
    return frozenset(found)


_SIZE = regex(r"([0-9]{1,18}(?:\.[0-9]{1,18})?) ?([kmgtp]?)i?b?", re.IGNORECASE)
_UNITS = " kmgtp"
_TOO_LARGE = 1 << 62


def size(text: str) -> int:
    """Bytes, of a text such as `64m` or `1.5GiB`; units are powers of 1024, as docker has them. Raises ValueError."""
    match = _SIZE.fullmatch(text)
    found = int(float(match[1]) * 1024 ** _UNITS.index(match[2].lower() or " ")) if match else _TOO_LARGE
    if found >= _TOO_LARGE:
        raise ValueError(text)
    return found
