"""Places in the text of a Dockerfile: where lines can be put in, and what stands in a span."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache

from stagemill.dockerfile.source import BOM, Span
from stagemill.dockerfile.tree import Dockerfile, InstructionNode
from stagemill.regex import regex

_NEWLINE = regex("\n")


def newline(dockerfile: Dockerfile) -> str:
    """The line end of the file, as its first line has it."""
    first, found, _ = dockerfile.source.text.partition("\n")
    return "\r\n" if found and first.endswith("\r") else "\n"


def offsets(text: str, span: Span) -> tuple[int, int]:
    """Where a span begins and ends in the text, in characters."""
    return _offset(text, span.line, span.column), _offset(text, span.end_line, span.end_column)


def lines_around(text: str, places: Iterable[tuple[int, int]], *, count: int) -> tuple[int, int, int]:
    """The whole lines that hold the places, and `count` more on each side: the first line's number, and their offsets."""
    found = list(places)
    starts = _starts(text)
    first = max(bisect_right(starts, min(start for start, _ in found)) - count, 1)
    last = bisect_right(starts, max(end for _, end in found)) + count
    start = starts[first - 1] if first > 1 else 0
    return first, start, starts[last] if last < len(starts) else len(text)


def written(dockerfile: Dockerfile, span: Span) -> str:
    """What stands in a span."""
    start, end = offsets(dockerfile.source.text, span)
    return dockerfile.source.text[start:end]


def keyword(node: InstructionNode) -> str:
    """The keyword as it is written."""
    return node.original[: len(node.keyword)]


def first_line(dockerfile: Dockerfile, node: InstructionNode) -> int:
    """The number of the line that an instruction begins in."""
    return _lines_before(dockerfile, node) + node.leading.count("\n") + 1


def below(dockerfile: Dockerfile, node: InstructionNode) -> Span:
    """The empty span at the start of the line after an instruction."""
    line = first_line(dockerfile, node) + node.raw.count("\n")
    return Span(line, 1, line, 1)


def above(dockerfile: Dockerfile, node: InstructionNode) -> Span:
    """The empty span above an instruction and the comments that belong to it.

    Comments at the top of the file belong to the file where no blank line is between them and its top.
    """
    lines = node.leading.removeprefix(BOM).split("\n")[:-1]
    start = len(lines)
    while start > 0 and lines[start - 1].lstrip().startswith("#"):
        start -= 1
    at_top = start == 0 and _lines_before(dockerfile, node) == 0
    directives = dockerfile.directives[-1].span.line if dockerfile.directives else 0
    if at_top or start < directives:
        start = len(lines)
    line = _lines_before(dockerfile, node) + start + 1
    return Span(line, 1, line, 1)


def lines(dockerfile: Dockerfile, *texts: str) -> str:
    """Whole lines, with the file's line end."""
    end = newline(dockerfile)
    return "".join(text.rstrip("\r\n").replace("\r\n", "\n").replace("\n", end) + end for text in texts)


def _lines_before(dockerfile: Dockerfile, node: InstructionNode) -> int:
    count = 0
    for other in dockerfile.instructions:
        if other is node:
            return count
        count += other.leading.count("\n") + other.raw.count("\n")
    raise AssertionError("the instruction is of another file")


def _offset(text: str, line: int, column: int) -> int:
    starts = _starts(text)
    return min(starts[line - 1] + column - 1, len(text)) if line <= len(starts) else len(text)


@lru_cache(maxsize=4)
def _starts(text: str) -> tuple[int, ...]:
    """Where each line begins; found once, however many places of a file are asked for."""
    first = len(BOM) if text.startswith(BOM) else 0
    return (first, *(match.end() for match in _NEWLINE.finditer(text)))
