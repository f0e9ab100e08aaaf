"""`CdInsteadOfWorkdir`: a RUN that begins with cd to an absolute path, where WORKDIR would say it."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.ran import ran
from stagemill.lint.rule import Rule


def check(file: LintFile) -> Iterator[Finding]:
    for command in ran(file):
        if command.program != "cd" or not command.texts:
            continue
        alone = len(command.beside) == 1
        first = command.index == 0 and command.command.ending in {"&&", ";"} and _is_place(command.texts[0])
        moves = sum(other.program in {"cd", "pushd"} for other in command.beside)
        if alone or (first and moves == 1 and not command.command.conditional):
            yield file.finding(
                RULE.name,
                "a cd of its own moves nothing: the next step begins where this one began"
                if alone
                else f"this RUN works in {command.texts[0]} alone, which WORKDIR would say for all steps",
                span=command.span,
                hint=f"write WORKDIR {command.texts[0]} above this step",
            )


def _is_place(path: str) -> bool:
    """Whether a step that works there leaves something there; in a temporary directory it does not."""
    return path.startswith("/") and not path.startswith(("/tmp", "/var/tmp"))


RULE = Rule("CdInsteadOfWorkdir", "cd where WORKDIR is meant", check, level="style", aliases=("DL3003",))
