"""`ConsistentInstructionCasing`: an instruction is not in the case of most others, or in no case at all."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import InstructionNode
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Edit, Finding, Fix
from stagemill.lint.place import keyword, written

NAME = "ConsistentInstructionCasing"
SUMMARY = "All commands within the Dockerfile should use the same casing (either upper or lower)"


def check(file: LintFile) -> Iterator[Finding]:
    nodes = [node for start, body in file.dockerfile.stages() for node in (start, *body)]
    words = [keyword(node) for node in nodes]
    lower = sum(word.islower() for word in words) > sum(word.isupper() for word in words)
    for node, word in zip(nodes, words, strict=True):
        new = word.lower() if lower else word.upper()
        if word != new:
            yield _finding(file, node, word, new=new)


def _finding(file: LintFile, node: InstructionNode, word: str, *, new: str) -> Finding:
    start = node.span
    span = Span(start.line, start.column, start.line, start.column + len(word))
    whole = written(file.dockerfile, span) == word
    most = "lowercase" if new.islower() else "uppercase"
    return file.finding(
        NAME,
        f"Command '{word}' should match the case of the command majority ({most})",
        span=span,
        hint=f"write {new}, as most instructions of the file are written",
        fix=Fix((Edit(span, new),), f"write `{new}`") if whole else None,
        about=node.span,
    )
