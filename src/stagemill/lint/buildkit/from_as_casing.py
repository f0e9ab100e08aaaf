"""`FromAsCasing`: AS is not in the case of its FROM."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import From
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Edit, Finding, Fix
from stagemill.lint.place import keyword
from stagemill.regex import regex

NAME = "FromAsCasing"
SUMMARY = "The 'as' keyword should match the case of the 'from' keyword"

_BETWEEN = regex(r"[ \t]+([aA][sS])[ \t]+")


def check(file: LintFile) -> Iterator[Finding]:
    for stage in file.stages:
        found = _keywords(file, stage.start)
        if found:
            word, span, from_ = found
            new = "AS" if from_.isupper() else "as"
            if from_ in {from_.lower(), from_.upper()} and word != new:
                yield file.finding(
                    NAME,
                    f"'{word}' and '{from_}' keywords' casing do not match",
                    span=span,
                    hint=f"write {new}",
                    fix=Fix((Edit(span, new),), f"write `{new}`"),
                    about=stage.start.span,
                )


def _keywords(file: LintFile, start: From) -> tuple[str, Span, str] | None:
    """AS as written, where it stands, and FROM as written; None where they are not in one line."""
    if start.name is None:
        return None
    image, name = start.image.span, start.name.span
    if image.end_line != name.line:
        return None
    between = Span(name.line, image.end_column, name.line, name.column)
    line = file.dockerfile.source.excerpt(between).text
    match = _BETWEEN.fullmatch(line, between.column - 1, between.end_column - 1)
    return (
        (match[1], Span(name.line, match.start(1) + 1, name.line, match.end(1) + 1), keyword(start)) if match else None
    )
