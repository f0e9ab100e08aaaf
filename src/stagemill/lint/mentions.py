"""Where the text of an instruction mentions a variable, whoever replaces it: the builder, or the shell of a RUN."""

from __future__ import annotations

import re
from collections.abc import Iterable

from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import InstructionNode


def reads(node: InstructionNode, name: str) -> bool:
    """Whether the text has `$NAME` or `${NAME…}`, or names the variable in the way other shells and programs do."""
    return _reading(node, name) is not None


def place(node: InstructionNode, name: str, *, first: int) -> Span | None:
    """Where an instruction whose text begins in the line `first` reads a variable."""
    found = _reading(node, name)
    if found is None:
        return None
    before = node.raw[: found.start()]
    line, column = first + before.count("\n"), found.start() - before.rfind("\n")
    return Span(line, column, line, column + len(found.group()))


def _reading(node: InstructionNode, name: str) -> re.Match[str] | None:
    return re.search(rf"(?<!\\)\$(?:{re.escape(name)}\b|\{{[!#]?{re.escape(name)}\b)", node.raw)


def names(node: InstructionNode, name: str) -> bool:
    """Whether the word stands in the text at all."""
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", node.raw) is not None


def sets(node: InstructionNode, name: str) -> bool:
    """Whether a command of a RUN gives the variable a value itself."""
    word = re.escape(name)
    pattern = rf"(?<![\w$]){word}\+?=|\b(?:for|read|getopts|mapfile|declare|local|export|typeset)\b[^\n;&|]*(?<![\w$]){word}\b"
    return re.search(pattern, node.raw) is not None


def any_reads(nodes: Iterable[InstructionNode], name: str) -> bool:
    return any(reads(node, name) for node in nodes)
