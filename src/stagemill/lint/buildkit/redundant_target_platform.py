"""`RedundantTargetPlatform`: `--platform=$TARGETPLATFORM`, which is what FROM takes anyway."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import From
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Edit, Finding, Fix

NAME = "RedundantTargetPlatform"
SUMMARY = "Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior"

_FORMS = {"$TARGETPLATFORM", "${TARGETPLATFORM}"}


def check(file: LintFile) -> Iterator[Finding]:
    for stage in file.stages:
        word = stage.start.platform
        if word and word.text in _FORMS:
            yield file.finding(
                NAME,
                f"Setting platform to predefined {word.text} in FROM is redundant as this is the default behavior",
                span=word.span,
                hint="leave the flag out",
                fix=_fix(stage.start),
                about=stage.start.span,
            )


def _fix(start: From) -> Fix | None:
    """The flag and the blanks after it go, where the image follows in the same line."""
    flag = next(flag for flag in reversed(start.flags) if flag.name == "platform")
    image = start.image.span
    if len(start.flags) != 1 or flag.span.line != image.line:
        return None
    edit = Edit(Span(flag.span.line, flag.span.column, image.line, image.column), "")
    return Fix((edit,), f"remove --platform={start.platform.text if start.platform else ''}")
