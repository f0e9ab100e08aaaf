"""`UnusedStage`: a stage that nothing reads and nobody can ask for by name."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.lint import reach
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.rule import Rule


def check(file: LintFile) -> Iterator[Finding]:
    for stage in file.asked:
        if not stage.name and stage is not file.target and reach.is_leaf(file, stage):
            yield file.finding(
                RULE.name,
                f"{stage.title} is in no image: nothing copies from it or begins from it, and it has no name to be asked for",
                span=stage.start.span,
                hint="name it, copy from it, or remove it",
            )


RULE = Rule("UnusedStage", "a stage that nothing uses", check, twin="StageNoLongerUsed")
