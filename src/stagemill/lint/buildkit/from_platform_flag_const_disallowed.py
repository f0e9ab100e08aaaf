"""`FromPlatformFlagConstDisallowed`: a FROM for one platform only, in a stage whose name does not say so."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.expansion import variables
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.oci.platform import Platform

NAME = "FromPlatformFlagConstDisallowed"
SUMMARY = "FROM --platform flag should not use a constant value"


def check(file: LintFile) -> Iterator[Finding]:
    for stage in file.stages:
        word = stage.start.platform
        if word is None or variables(word.text, escape=file.escape):
            continue
        try:
            platform = Platform.parse(word.text)
        except ValueError:
            continue
        if platform.os not in stage.name and platform.architecture not in stage.name:
            yield file.finding(
                NAME,
                f'FROM --platform flag should not use constant value "{word.text}"',
                span=word.span,
                hint="leave the flag out, write $BUILDPLATFORM for tools that run in the build, "
                f"or name the stage after its platform, such as AS build-{platform.architecture}",
                about=stage.start.span,
            )
