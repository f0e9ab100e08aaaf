"""What makes files differ, one function for each cause: it looks at a pair of files, and says nothing where it is not it.

The order is from the certain to the likely: a place that is known, then a format that is known, then a value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from stagemill.verify.causes import archives, compiled, drawn, machine, order, places, stamps
from stagemill.verify.difference import Cause
from stagemill.verify.pair import Pair

Find: TypeAlias = Callable[[Pair], Cause | None]

_FINDERS: tuple[Find, ...] = (
    places.place,
    compiled.bytecode,
    archives.gzip,
    archives.zip_archive,
    archives.tar,
    archives.static_library,
    stamps.text,
    stamps.number,
    drawn.identifier,
    drawn.temporary_name,
    machine.processors,
    order.lines,
    order.words,
    compiled.program,
)


def find(pair: Pair) -> Cause | None:
    """The first cause that fits; None where none does."""
    return next((cause for finder in _FINDERS if (cause := finder(pair))), None)
