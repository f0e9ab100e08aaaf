"""`ShellSymlink`: /bin/sh is replaced by another shell, where SHELL chooses one."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.ran import ran
from stagemill.lint.rule import Rule

_SHELLS = frozenset({"/bin/sh", "/usr/bin/sh"})


def check(file: LintFile) -> Iterator[Finding]:
    for command in ran(file):
        words = command.operands()
        if command.program == "ln" and words and words[-1].text in _SHELLS:
            yield file.finding(
                RULE.name,
                f"{words[-1].text} becomes another shell for every script of the image",
                span=command.span,
                hint='write SHELL ["/bin/bash", "-c"], which counts for the steps below it only',
            )


RULE = Rule("ShellSymlink", "/bin/sh is replaced by a link", check, aliases=("DL4005",))
