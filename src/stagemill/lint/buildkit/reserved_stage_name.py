"""`ReservedStageName`: a stage is called as something that there is anyway."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding

NAME = "ReservedStageName"
SUMMARY = "Reserved words should not be used as stage names"

_RESERVED = {
    "context": "context means the files that are sent to the build",
    "scratch": "FROM scratch begins from nothing",
}


def check(file: LintFile) -> Iterator[Finding]:
    for stage in file.stages:
        if stage.start.name and stage.name in _RESERVED:
            yield file.finding(
                NAME,
                f'Stage name should not use the same name as reserved stage "{stage.name}"',
                span=stage.start.name.span,
                hint=f"give the stage another name: {_RESERVED[stage.name]}",
                about=stage.start.span,
            )
