"""What the machine is that built it."""

from __future__ import annotations

from stagemill.regex import regex
from stagemill.verify.causes.drawn import covered
from stagemill.verify.difference import Cause
from stagemill.verify.pair import Pair

_NUMBER = regex(rb"\d+")
_PROCESSORS = Cause(
    "the number of processors, of which the second build had another",
    "give the tool a fixed number, such as make -j4, instead of nproc",
)


def processors(pair: Pair) -> Cause | None:
    """A number that is the one of processors in both."""
    numbers = covered(pair, _NUMBER)
    had = [each.processors for each in pair.built if each]
    if numbers and len(had) == 2 and had[0] != had[1] and [int(number) for number in numbers] == had:
        return _PROCESSORS
    return None
