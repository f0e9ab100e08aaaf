"""`WorkdirRelativePath`: the first WORKDIR of a stage is relative, so the base image decides where it leads."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.tree import Workdir
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.stages import Step
from stagemill.regex import regex

NAME = "WorkdirRelativePath"
SUMMARY = (
    "Relative workdir without an absolute workdir declared within the build "
    "can have unexpected results if the base image changes"
)

_ON_A_DRIVE = regex(r"[A-Za-z]:|\\")
"""How an absolute path of Windows begins."""


def check(file: LintFile) -> Iterator[Finding]:
    has_one: set[int] = set()
    for stage in file.stages:
        if stage.parent in has_one:
            has_one.add(stage.index)
        for step in stage.steps:
            if not isinstance(step.node, Workdir):
                continue
            text = file.known(step.node.path.text, step)
            if (
                stage.index not in has_one
                and stage in file.asked
                and text is not None
                and not _is_absolute(file, step, text)
            ):
                yield file.finding(
                    NAME,
                    f'Relative workdir "{text}" can have unexpected results if the base image changes',
                    span=step.node.path.span,
                    hint=f"write the whole path, such as WORKDIR /{text.strip('./') or 'app'}",
                    about=step.node.span,
                )
            has_one.add(stage.index)


def _is_absolute(file: LintFile, step: Step, text: str) -> bool:
    """Whether a path is absolute in the system of its stage; who sets the escape to a backtick means Windows."""
    windows = step.before.windows or file.escape == "`"
    return text.startswith("/") or (windows and _ON_A_DRIVE.match(text) is not None)
