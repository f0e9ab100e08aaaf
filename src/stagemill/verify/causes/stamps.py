"""Times of building, written into files as text or as a number."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stagemill.regex import regex
from stagemill.verify.causes.drawn import covered
from stagemill.verify.difference import Cause
from stagemill.verify.pair import Pair

_DAY = rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\w*"
_MONTH = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\w*"
_CLOCK = rb"\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?"
_FORMS = tuple(
    (re.compile(pattern), what)
    for pattern, what in (
        (rb"\d{4}-\d\d-\d\d(?:[T ]+" + _CLOCK + rb"(?: ?[AP]M)?(?:Z| ?[+-]\d\d:?\d\d)?)?", "a date as ISO 8601 has it"),
        (_DAY + rb",? +(?:\d{1,2} +)?" + _MONTH + rb" +[\w: +-]*\d", "a date as date(1) or a mail writes it"),
        (_MONTH + rb" +\d{1,2},? +\d{4}", "a date, such as C's __DATE__"),
        (rb"\b20\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])[-T_]?(?:[0-2]\d[0-5]\d(?:[0-5]\d)?)?Z?\b", "a date of digits"),
        (_CLOCK, "a time of day, such as C's __TIME__"),
    )
)
_SECONDS = regex(rb"(?<!\d)\d{10}(?:\d{3}|\d{6}|\d{9})?(?!\d)")
_YEARS = range(946_684_800, 4_102_444_800)  # of 2000 to 2099
_WIDTHS = ((4, 1), (8, 1), (8, 1_000), (8, 1_000_000), (8, 1_000_000_000))

_DATE = "write ARG SOURCE_DATE_EPOCH before the RUN, and date -u -d @$SOURCE_DATE_EPOCH in it"
_TOOL = "write ARG SOURCE_DATE_EPOCH before the RUN: most tools take the time from it; or tell the tool to write none"


def text(pair: Pair) -> Cause | None:
    """A date in words, or seconds since 1970 in digits, which have to be those of the two builds."""
    for pattern, what in _FORMS:
        if covered(pair, pattern):
            return Cause(f"the time of building, {what}", _mend(pair))
    found = covered(pair, _SECONDS)
    if found and _of_builds(pair, *(int(digits[:10]) for digits in found)):
        return Cause("the time of building, in seconds since 1970", _mend(pair))
    return None


def number(pair: Pair) -> Cause | None:
    """Four or eight bytes that are the time of the build in both."""
    for width, unit in _WIDTHS:
        for one, other in _values(pair, width):
            if _of_builds(pair, one / unit, other / unit):
                return Cause(f"the time of building, as a number of {width} bytes", _mend(pair))
    return None


def _values(pair: Pair, width: int) -> Iterator[tuple[int, int]]:
    """The numbers of that many bytes over the place of the difference, in both orders of bytes."""
    for start in range(max(0, pair.first - width + 1), pair.first + 1):
        one, other = pair.one[start : start + width], pair.other[start : start + width]
        if len(one) == len(other) == width:
            yield int.from_bytes(one, "little"), int.from_bytes(other, "little")
            yield int.from_bytes(one, "big"), int.from_bytes(other, "big")


def _of_builds(pair: Pair, *seconds: float) -> bool:
    """Whether these are times at which the two were built; where one is not known, any of these years will do."""
    known = [built is not None for built in pair.built]
    return any(known) and all(
        built.covers(each) if built else int(each) in _YEARS for built, each in zip(pair.built, seconds, strict=True)
    )


def _mend(pair: Pair) -> str:
    return _DATE if re.search(r"\bdate\b", pair.command) else _TOOL
