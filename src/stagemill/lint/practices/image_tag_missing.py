"""`ImageTagMissing`: a base image without a tag or digest, which is whatever `latest` is that day."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.images import bases, has_version
from stagemill.lint.rule import Rule


def check(file: LintFile) -> Iterator[Finding]:
    for base in bases(file):
        if not has_version(base.image):
            yield file.finding(
                RULE.name,
                f"`{base.image}` has no tag, so it is whatever `latest` is on the day of the build",
                span=base.word.span,
                hint=f"name a version: {base.image}:TAG, and perhaps its digest; stagemill lock keeps what was found",
            )


RULE = Rule("ImageTagMissing", "a base image has no tag", check, aliases=("DL3006",))
