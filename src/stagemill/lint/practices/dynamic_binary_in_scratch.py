"""`DynamicBinaryInScratch`: a program of Go that may need a C library goes into an image that has none."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.tree import Copy
from stagemill.lint.file import LintFile, source_stage
from stagemill.lint.finding import Finding
from stagemill.lint.ran import Ran, ran
from stagemill.lint.rule import Rule
from stagemill.lint.stages import Stage


def check(file: LintFile) -> Iterator[Finding]:
    seen: set[int] = set()
    for stage in file.asked:
        if not _has_no_library(file.chain(stage)[0].base or ""):
            continue
        for step in stage.steps:
            node = step.node
            source = (
                source_stage(node.from_.text, stage, file.stages) if isinstance(node, Copy) and node.from_ else None
            )
            build = _dynamic_build(file, source) if source else None
            if build and id(build.node) not in seen:
                seen.add(id(build.node))
                yield file.finding(
                    RULE.name,
                    f"this program may need a C library, and {stage.title} (line {stage.start.span.line}) has none",
                    span=build.span,
                    hint="write CGO_ENABLED=0 before go build, or begin the image from one with the library",
                )


def _has_no_library(base: str) -> bool:
    name = base.partition("@")[0]
    return name == "scratch" or name.rpartition("/")[2].partition(":")[0] in {
        "static",
        "static-debian11",
        "static-debian12",
    }


def _dynamic_build(file: LintFile, source: Stage) -> Ran | None:
    """The first `go build` of a stage that says nothing of cgo."""
    for command in ran(file, file.chain(source)):
        builds = command.program == "go" and command.texts[:1] in {("build",), ("install",)}
        if builds and not _says(command):
            return command
    return None


def _says(command: Ran) -> bool:
    known = {*command.step.before.env, *dict(command.command.env)}
    text = command.node.raw
    return "CGO_ENABLED" in known or "CGO_ENABLED" in text or "-static" in text or "netgo" in text


RULE = Rule("DynamicBinaryInScratch", "a program that may need a C library goes into scratch", check)
