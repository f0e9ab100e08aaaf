"""`UndefinedArgInFrom`: a FROM reads a variable that no ARG before the first FROM declares."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.expansion import variables
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.near import did_you_mean
from stagemill.lint.stages import PLATFORM_ARGS

NAME = "UndefinedArgInFrom"
SUMMARY = "FROM command must use declared ARGs"


def check(file: LintFile) -> Iterator[Finding]:
    declared = {pair.key for node in file.dockerfile.global_args for pair in node.items} | PLATFORM_ARGS
    for stage in file.stages:
        for word in filter(None, (stage.start.image, stage.start.platform)):
            for name in dict.fromkeys(name for name, _ in variables(word.text, escape=file.escape)):
                if name not in declared:
                    yield file.finding(
                        NAME,
                        f"FROM argument '{name}' is not declared{did_you_mean(name, declared)}",
                        span=word.span,
                        hint=f"write ARG {name} above the first FROM; an ARG inside of a stage counts only there",
                        about=stage.start.span,
                    )
