"""Text with the same parts in another order."""

from __future__ import annotations

from stagemill.verify.difference import Cause
from stagemill.verify.pair import Pair

_ORDER = Cause(
    "the same {} in another order: that of a directory, of a hash table, or of steps that ran at once",
    "sort what is written: find … | LC_ALL=C sort, or the tool's own flag for it; PYTHONHASHSEED=0 for sets of Python",
)


def lines(pair: Pair) -> Cause | None:
    return _reordered("lines") if pair.whole and _same(pair.one.splitlines(), pair.other.splitlines()) else None


def words(pair: Pair) -> Cause | None:
    if not pair.whole or b"\0" in pair.one:
        return None
    return _reordered("words") if _same(pair.one.split(), pair.other.split()) else None


def _same(one: list[bytes], other: list[bytes]) -> bool:
    return len(one) > 1 and one != other and sorted(one) == sorted(other)


def _reordered(what: str) -> Cause:
    return Cause(_ORDER.title.format(what), _ORDER.mend)
