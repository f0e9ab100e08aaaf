"""`InvalidBaseImagePlatform`: a base image was made for another platform than its stage is."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.stages import Stage
from stagemill.oci.platform import Platform

NAME = "InvalidBaseImagePlatform"
SUMMARY = "Base image platform does not match expected target platform"


def check(file: LintFile) -> Iterator[Finding]:
    """Certain only where the images are known."""
    for stage in file.asked:
        image = file.surroundings.bases.get(stage.index)
        wanted = _wanted(file, stage)
        if not image or not wanted:
            continue
        found = image.platform
        if (found.os, found.architecture) != (wanted.os, wanted.architecture):
            name = stage.base or stage.start.image.text
            yield file.finding(
                NAME,
                f'Base image {name} was pulled with platform "{found}", expected "{wanted}" for current build',
                span=stage.start.image.span,
                hint=f"take an image that there is for {wanted}, or build for {found}",
                about=stage.start.span,
            )


def _wanted(file: LintFile, stage: Stage) -> Platform | None:
    """What FROM asks for, or what is built for; None where that is not certain."""
    if stage.start.platform is None:
        return file.surroundings.platform
    try:
        return Platform.parse(stage.start.platform.text)
    except ValueError:
        return None
