"""`SudoUsed`: a step calls sudo, where USER says who a step is."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.ran import ran
from stagemill.lint.rule import Rule


def check(file: LintFile) -> Iterator[Finding]:
    for command in ran(file):
        for word in command.command.wrappers:
            if word.text == "sudo":
                yield file.finding(
                    RULE.name,
                    "sudo starts a second process for each command, and has to be in the image",
                    span=word.span,
                    hint="write USER root above this step and the other user below it",
                )


RULE = Rule("SudoUsed", "a step calls sudo", check, level="error", aliases=("DL3004",))
