"""`index-from`: a stage is read by its number, which another one has as soon as somebody adds a stage."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Copy, Flag, Run
from stagemill.lint import names, stages
from stagemill.lint.file import LintFile, mount_options, source_stage
from stagemill.lint.finding import Edit, Finding, Fix
from stagemill.lint.place import written
from stagemill.lint.stages import Stage

NAME = "index-from"
SUMMARY = "a stage is read by its number"

_FROM = re.compile(r"(?:^|,)from=([0-9]+)(?=,|$)")


def check(file: LintFile) -> Iterator[Finding]:
    for stage in file.stages:
        for step in stage.steps:
            if isinstance(step.node, Copy) and step.node.from_ and step.node.from_.text.isdecimal():
                word = step.node.from_
                yield _finding(file, stage, word.text, span=word.span, what="COPY copies from")
            elif isinstance(step.node, Run):
                yield from _mounts(file, stage, step.node.mounts)


def _mounts(file: LintFile, stage: Stage, mounts: tuple[Flag, ...]) -> Iterator[Finding]:
    for mount in mounts:
        number = mount_options(mount).get("from", "")
        found = _FROM.search(mount.value or "")
        if not number.isdecimal():
            continue
        exact = found is not None and written(file.dockerfile, mount.value_span) == mount.value
        span = mount.value_span.at(found.start(1), len(number)) if exact and found else mount.value_span
        yield _finding(file, stage, number, span=span, what="RUN mounts", exact=exact)


def _finding(file: LintFile, reader: Stage, number: str, *, span: Span, what: str, exact: bool = True) -> Finding:
    message = f"{what} stage {number} by its number"
    source = source_stage(number, reader, file.stages)
    if source is None:
        count = f"above it are {reader.index} stages, counted from 0" if reader.index else "no stage is above it"
        return file.finding(NAME, message, span=span, hint=f"there is no such stage: {count}; name one with AS")
    name = _name(file, source, reader)
    if name is None:
        hint = f"give stage {number} a name with AS that no other stage has, and write that name here"
        return file.finding(NAME, message, span=span, hint=hint)
    hint = f"numbers move when a stage is added; write `{name}`, " + (
        "the name of that stage" if source.name else "and give that stage the name with AS"
    )
    fix = _fix(source, name, span) if exact else None
    return file.finding(NAME, message, span=span, hint=hint, fix=fix)


def _name(file: LintFile, source: Stage, reader: Stage) -> str | None:
    """The name that means the source where the reader stands."""
    if source.start.name is None:
        return names.proposals(file).get(source.index)
    meant = stages.named_above(file.stages, source.name, reader.index)
    return source.start.name.text if meant == source.index else None


def _fix(source: Stage, name: str, span: Span) -> Fix:
    edit = Edit(span, name)
    if source.name:
        return Fix((edit,), f"write `{name}` for {source.index}")
    return Fix((names.naming(source, name), edit), f"name stage {source.index} `{name}`, and write that name")
