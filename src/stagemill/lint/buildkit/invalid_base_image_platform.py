"""`InvalidBaseImagePlatform`: a base image was made for another platform than its stage is."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding

NAME = "InvalidBaseImagePlatform"
SUMMARY = "Base image platform does not match expected target platform"


def check(file: LintFile) -> Iterator[Finding]:
    """Only where the images are known."""
    stages = {stage.index: stage for stage in file.asked}
    for alien in file.surroundings.alien:
        if stage := stages.get(alien.stage):
            name = stage.base or stage.start.image.text
            yield file.finding(
                NAME,
                f'Base image {name} was pulled with platform "{alien.found}", expected "{alien.wanted}" '
                "for current build",
                span=stage.start.image.span,
                hint=f"take an image that there is for {alien.wanted}, or build for {alien.found}",
                about=stage.start.span,
            )
