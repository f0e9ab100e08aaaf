"""`index-from`: a stage is read by its number, which another one has as soon as somebody adds a stage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Copy, Flag, Run
from stagemill.lint import names, stages
from stagemill.lint.file import LintFile, mount_options, source_stage
from stagemill.lint.finding import Edit, Finding, Fix
from stagemill.lint.place import written
from stagemill.lint.stages import Stage
from stagemill.regex import regex
from stagemill.values import dataclass

NAME = "index-from"
SUMMARY = "a stage is read by its number"

_DIGITS = 6  # no file has so many stages
_FROM = regex(r"(?:^|,)from=([0-9]+)(?=,|$)")


def check(file: LintFile) -> Iterator[Finding]:
    proposed = names.proposals(file)
    for stage in file.stages:
        waits = [_Use(file, stage, word.text, word.span, "FROM waits for", below=True) for word in stage.start.after]
        yield from (_finding(use, proposed) for use in waits if use.number.isdecimal())
        for step in stage.steps:
            if isinstance(step.node, Copy) and step.node.from_ and step.node.from_.text.isdecimal():
                word = step.node.from_
                yield _finding(_Use(file, stage, word.text, word.span, "COPY copies from"), proposed)
            elif isinstance(step.node, Run):
                uses = _mounts(file, stage, step.node.mounts)
                yield from (_finding(use, proposed) for use in uses)


@dataclass(frozen=True, slots=True)
class _Use:
    """A number that names a stage; `exact` says that nothing but the number stands in `span`.

    `below` says that a stage below the reader can be meant too (FROM --after).
    """

    file: LintFile
    reader: Stage
    number: str
    span: Span
    what: str
    exact: bool = True
    below: bool = False


def _mounts(file: LintFile, stage: Stage, mounts: tuple[Flag, ...]) -> Iterator[_Use]:
    for mount in mounts:
        number = mount_options(mount).get("from", "")
        if not number.isdecimal():
            continue
        found = _FROM.search(mount.value or "")
        exact = found is not None and written(file.dockerfile, mount.value_span) == mount.value
        span = mount.value_span.at(found.start(1), len(number)) if exact and found else mount.value_span
        yield _Use(file, stage, number, span, "RUN mounts", exact)


def _finding(use: _Use, proposed: Mapping[int, str]) -> Finding:
    file, number = use.file, use.number
    message = f"{use.what} stage {number} by its number"
    source = _source(use)
    if source is None:
        count = (
            f"{use.reader.index} stages are above it, counted from 0" if use.reader.index else "no stage is above it"
        )
        count = f"the file has {len(file.stages)}, counted from 0" if use.below else count
        return file.finding(NAME, message, span=use.span, hint=f"there is no such stage: {count}; name one with AS")
    name = _name(use, source, proposed)
    if name is None:
        hint = f"give stage {number} a name with AS that nothing else has, and write that name here"
        return file.finding(NAME, message, span=use.span, hint=hint)
    how = "the name of that stage" if source.name else "and give that stage the name with AS"
    hint = f"numbers move when a stage is added; write `{name}`, {how}"
    fix = _fix(source, name, use.span) if use.exact else None
    return file.finding(NAME, message, span=use.span, hint=hint, fix=fix)


def _source(use: _Use) -> Stage | None:
    if use.below:
        index = int(use.number) if len(use.number) < _DIGITS else len(use.file.stages)
        return use.file.stages[index] if index < len(use.file.stages) else None
    return source_stage(use.number, use.reader, use.file.stages)


def _name(use: _Use, source: Stage, proposed: Mapping[int, str]) -> str | None:
    """The name that means the source where the reader stands."""
    if source.start.name is None:
        return proposed.get(source.index)
    meant = stages.named_above(use.file.stages, source.name, use.reader.index)
    if meant is None and use.below:
        meant = stages.named_above(use.file.stages, source.name, len(use.file.stages))
    return source.start.name.text if meant == source.index else None


def _fix(source: Stage, name: str, span: Span) -> Fix:
    edit = Edit(span, name)
    if source.name:
        return Fix((edit,), f"write `{name}` for {source.index}")
    return Fix((names.naming(source, name), edit), f"name stage {source.index} `{name}`, and write that name")
