"""`RootUser`: a USER that makes an image run as root again."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.lint import reach
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.rule import Rule

_ROOT = frozenset({"root", "0"})


def check(file: LintFile) -> Iterator[Finding]:
    seen: set[int] = set()
    for stage in reach.targets(file):
        user = reach.last_user(file, stage)
        if user and id(user) not in seen and user.user.text.strip("\"'").partition(":")[0] in _ROOT:
            seen.add(id(user))
            yield file.finding(
                RULE.name,
                f"{stage.title} ends as root, so its program may do everything in the container",
                span=user.user.span,
                hint="go back to a user without rights after the steps that need root",
            )


RULE = Rule("RootUser", "an image is made to run as root", check, aliases=("DL3002",))
