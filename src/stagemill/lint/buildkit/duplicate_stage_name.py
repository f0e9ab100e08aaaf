"""`DuplicateStageName`: two stages have one name, so only the later one can be meant by it below them."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding

NAME = "DuplicateStageName"
SUMMARY = "Stage names should be unique"


def check(file: LintFile) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for stage in file.stages:
        if stage.start.name and stage.name in first:
            yield file.finding(
                NAME,
                f'Duplicate stage name "{stage.name}", stage names should be unique',
                span=stage.start.name.span,
                hint=f"line {first[stage.name]} has a stage of that name already; give one of them another",
                about=stage.start.span,
            )
        first.setdefault(stage.name, stage.start.span.line)
