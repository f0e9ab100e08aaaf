"""`UserNotNumeric`: an image ends as a user by name, which those who start it cannot tell from root."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.lint import reach
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.rule import Rule


def check(file: LintFile) -> Iterator[Finding]:
    seen: set[int] = set()
    for stage in reach.targets(file):
        user = reach.last_user(file, stage)
        name = user.user.text.strip("\"'").partition(":")[0] if user else ""
        if user and id(user) not in seen and name and not name.isdecimal() and "$" not in name and name != "root":
            seen.add(id(user))
            yield file.finding(
                RULE.name,
                f"nobody outside of the image knows which number {name} has",
                span=user.user.span,
                hint="write the number of the user",
            )


RULE = Rule(
    "UserNotNumeric", "an image ends as a user by name", check, experimental=True, level="info", aliases=("DL3066",)
)
