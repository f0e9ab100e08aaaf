"""`ImageTagLatest`: a base image by the tag `latest`, which moves."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.images import bases
from stagemill.lint.rule import Rule


def check(file: LintFile) -> Iterator[Finding]:
    for base in bases(file):
        if base.image.endswith(":latest"):
            yield file.finding(
                RULE.name,
                f"`{base.image}` is another image every few weeks",
                span=base.word.span,
                hint="name a version in place of latest; stagemill lock keeps the digest that was found",
            )


RULE = Rule("ImageTagLatest", "a base image is taken by the tag latest", check, aliases=("DL3007",))
