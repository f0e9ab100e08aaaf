"""`Pair`: the bytes of one file in two images, around the place where they begin to differ."""

from __future__ import annotations

from pathlib import Path

from stagemill.values import dataclass
from stagemill.verify.difference import FirstByte

_CHUNK = 1 << 20
_WHOLE = 32 << 20  # a file of more bytes is looked at around its first difference only
_AROUND = 4 << 10
_SHOWN_BEFORE, _SHOWN = 24, 48


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How one of the two was built: from when to when, in seconds since the epoch, and on how many processors."""

    started: float
    finished: float
    processors: int = 1

    def covers(self, seconds: float) -> bool:
        """Whether something that happened during the build may carry that time; clocks are cut off and rounded."""
        return self.started - 2 <= seconds <= self.finished + 2


@dataclass(frozen=True, slots=True)
class Pair:
    """`one` and `other` are all bytes where `whole`, else a piece of both; `first` is the place of the first difference in them.

    `path` is that of the first image; `command` the instruction that made the file, as far as it is known. `built` says how
    each was built; None where nobody knows.
    """

    path: str
    one: bytes
    other: bytes
    first: int
    whole: bool = True
    built: tuple[Circumstances | None, Circumstances | None] = (None, None)
    command: str = ""


def first_difference(one: Path, other: Path) -> int | None:
    """The offset of the first byte that differs, or of the end of the shorter file; None for equal ones."""
    offset = 0
    with one.open("rb") as left, other.open("rb") as right:
        while True:
            ours, theirs = left.read(_CHUNK), right.read(_CHUNK)
            if ours != theirs:
                return offset + common(ours, theirs)
            if not ours:
                return None
            offset += len(ours)


def common(one: bytes, other: bytes) -> int:
    """How many bytes at the beginning of both are the same."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[low:middle] == other[low:middle] else (low, middle - 1)
    return low


def pieces(one: Path, other: Path, offset: int) -> tuple[bytes, bytes, int, bool]:
    """The bytes of both that a cause is looked for in, where the difference is in them, and whether they are all."""
    if max(one.stat().st_size, other.stat().st_size) <= _WHOLE:
        return one.read_bytes(), other.read_bytes(), offset, True
    start = max(0, offset - _AROUND)
    return _slice(one, start, 2 * _AROUND), _slice(other, start, 2 * _AROUND), offset - start, False


def shown(one: Path, other: Path, offset: int) -> FirstByte:
    """What people see of it."""
    before = min(offset, _SHOWN_BEFORE)
    return FirstByte(offset, before, *(_slice(path, offset - before, _SHOWN) for path in (one, other)))


def _slice(path: Path, start: int, size: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(size)
