"""`CopyManySources`: several sources and a destination that is no directory by its spelling."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Add, Copy
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Edit, Finding, Fix
from stagemill.lint.place import written
from stagemill.lint.rule import Rule


def check(file: LintFile) -> Iterator[Finding]:
    for stage in file.asked:
        for step in stage.steps:
            node = step.node
            if isinstance(node, Copy | Add) and len(node.sources) + len(node.heredocs) > 1 and _is_no_directory(node):
                text = node.destination.text
                yield file.finding(
                    RULE.name,
                    f"several sources need a directory, and `{text}` is not spelled like one",
                    span=node.destination.span,
                    hint=f"flags stand before the sources: {node.keyword} {text} …"
                    if _is_flag(text)
                    else f"write {text}/",
                    fix=_fix(file, node),
                )


def _is_no_directory(node: Copy | Add) -> bool:
    text = node.destination.text.strip("\"'")
    return (
        not text.endswith(("/", "\\", "/.")) and text not in {".", ".."} and not text.endswith("}") and "$" not in text
    )


def _is_flag(text: str) -> bool:
    """Whether a destination was meant as a flag, which is one only before the sources."""
    return text.startswith("--")


def _fix(file: LintFile, node: Copy | Add) -> Fix | None:
    span, text = node.destination.span, node.destination.text
    if node.json or _is_flag(text) or written(file.dockerfile, span) != text or set(text) & set("\"'"):
        return None
    end = Span(span.end_line, span.end_column, span.end_line, span.end_column)
    return Fix((Edit(end, "/"),), f"write {text}/")


RULE = Rule(
    "CopyManySources",
    "several sources go to what is not spelled as a directory",
    check,
    level="error",
    aliases=("DL3021",),
)
