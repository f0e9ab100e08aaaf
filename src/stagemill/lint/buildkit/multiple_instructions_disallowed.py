"""`MultipleInstructionsDisallowed`: a CMD, ENTRYPOINT or HEALTHCHECK that a later one of its stage replaces."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.tree import Cmd, Entrypoint, Healthcheck, InstructionNode
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.place import keyword

NAME = "MultipleInstructionsDisallowed"
SUMMARY = "Multiple instructions of the same type should not be used in the same stage"


def check(file: LintFile) -> Iterator[Finding]:
    for stage in file.asked:
        last: dict[str, InstructionNode] = {}
        for step in stage.steps:
            node = step.node
            if not isinstance(node, Cmd | Entrypoint | Healthcheck):
                continue
            replaced = last.get(node.keyword)
            if replaced and file.allows(NAME, node.span.line):
                name = keyword(node)
                yield file.finding(
                    NAME,
                    f"Multiple {name} instructions should not be used in the same stage "
                    "because only the last one will be used",
                    span=replaced.span,
                    hint=f"line {node.span.line} takes its place; remove one of them",
                    about=replaced.span,
                )
            last[node.keyword] = node
