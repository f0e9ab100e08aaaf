"""`InvalidDefaultArgInFrom`: without `--build-arg`, a FROM names no image."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.expansion import ExpansionError, expand, variables
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.stages import global_args
from stagemill.oci.reference import Reference

NAME = "InvalidDefaultArgInFrom"
SUMMARY = "Default value for global ARG results in an empty or invalid base image name"

_SOME_PLATFORM = {
    f"{side}{fact}": value
    for side in ("TARGET", "BUILD")
    for fact, value in (("PLATFORM", "linux/amd64"), ("OS", "linux"), ("ARCH", "amd64"))
} | {"TARGETSTAGE": "default"}


def check(file: LintFile) -> Iterator[Finding]:
    """Any platform does: all that counts is whether the text can be the name of an image."""
    env = {**_SOME_PLATFORM, **global_args(file.dockerfile, {})}
    for stage in file.stages:
        word = stage.start.image
        if not variables(word.text, escape=file.escape):
            continue
        try:
            text = expand(word.text, env.get, escape=file.escape)
        except ExpansionError:
            return
        if not _is_name(text):
            yield file.finding(
                NAME,
                f"Default value for ARG {word.text} results in empty or invalid base image name",
                span=word.span,
                hint=f"without --build-arg it is {text!r}; give the ARG a default, or write ${{NAME:-default}}",
                about=stage.start.span,
            )


def _is_name(text: str) -> bool:
    try:
        Reference.parse(text)
    except ValueError:
        return False
    return True
