"""`NoEmptyContinuation`: blank lines in an instruction that goes on over several lines."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Add, Copy, InstructionNode, Run
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Edit, Finding, Fix

NAME = "NoEmptyContinuation"
SUMMARY = "Empty continuation lines will become errors in a future release"


def check(file: LintFile) -> Iterator[Finding]:
    blank = file.dockerfile.empty_continuations
    for node in file.dockerfile.instructions if blank else ():
        last = _last_line(node)
        inside = [line for line in blank if node.span.line < line < last]
        if inside:
            where = Span(last, 1, last, len(file.dockerfile.source.lines()[last - 1].rstrip("\r")) + 1)
            lines = ", ".join(map(str, inside))
            yield file.finding(
                NAME,
                "Empty continuation line",
                span=where,
                hint=f"remove the blank line {lines}, or put a # into it",
                fix=Fix(tuple(Edit(Span(line, 1, line + 1, 1), "") for line in inside), f"remove line {lines}"),
                about=where,
            )


def _last_line(node: InstructionNode) -> int:
    """The last one before the heredocs."""
    if isinstance(node, Run | Copy | Add) and node.heredocs:
        return min(document.span.line for document in node.heredocs) - 1
    return node.span.end_line
