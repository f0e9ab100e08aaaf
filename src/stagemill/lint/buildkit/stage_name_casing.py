"""`StageNameCasing`: the name of a stage has letters in upper case, though case means nothing there."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.lint.file import LintFile
from stagemill.lint.finding import Edit, Finding, Fix

NAME = "StageNameCasing"
SUMMARY = "Stage names should be lowercase"


def check(file: LintFile) -> Iterator[Finding]:
    for stage in file.stages:
        name = stage.start.name
        if name and name.text != name.text.lower():
            new = name.text.lower()
            yield file.finding(
                NAME,
                f"Stage name '{name.text}' should be lowercase",
                span=name.span,
                hint=f"write {new}; --target and --from find it in any case",
                fix=Fix((Edit(name.span, new),), f"write `{new}`"),
                about=stage.start.span,
            )
