"""What an editor tells of the stage that a place in a Dockerfile names: where it is, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Copy, InstructionNode, OnBuild, Run
from stagemill.lint import reach
from stagemill.lint.file import LintFile, mount_options, source_stage
from stagemill.lint.stages import Stage
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Mention:
    """A word that names a stage."""

    stage: Stage
    span: Span


def at(file: LintFile, line: int, column: int) -> Mention | None:
    """The stage that the word at a place names; both count from 1."""
    return next((found for found in mentions(file) if _holds(found.span, line, column)), None)


def mentions(file: LintFile) -> Iterator[Mention]:
    """All words that name a stage: its own AS, and the FROM, COPY and RUN that begin from it or read it."""
    for stage in file.stages:
        start = stage.start
        if start.name:
            yield Mention(stage, start.name.span)
        if stage.parent is not None:
            yield Mention(file.stages[stage.parent], start.image.span)
        for step in stage.steps:
            node = step.node.trigger if isinstance(step.node, OnBuild) else step.node
            for text, span in _sources(node):
                source = source_stage(text, stage, file.stages)
                if source is not None:
                    yield Mention(source, span)


def describe(file: LintFile, stage: Stage) -> str:
    """Markdown of a few lines."""
    base = stage.base or stage.start.image.text
    steps = "1 step" if len(stage.steps) == 1 else f"{len(stage.steps)} steps"
    lines = [
        f"**{stage.name or f'stage {stage.index}'}**, stage {stage.index} of {len(file.stages)}, line {stage.start.span.line}"
    ]
    lines.append(f"from `{base}`, {steps}" + (f", ends in `{stage.end.workdir}`" if stage.end.workdir else ""))
    lines.append(_fate(file, stage))
    return "\n\n".join(lines)


def _fate(file: LintFile, stage: Stage) -> str:
    users = [other.title for other in file.stages if other.parent == stage.index]
    readers = list(dict.fromkeys(read.reader.title for read in file.readers(stage)))
    found = ["in the image"] if stage in reach.shipped(file) else []
    found += [f"{', '.join(users)} begin{'s' if len(users) == 1 else ''} from it"] if users else []
    found += [f"{', '.join(readers)} read{'s' if len(readers) == 1 else ''} it"] if readers else []
    if not found:
        found = ["a target of its own"] if stage.name else ["used by nothing"]
    return "; ".join(found)


def _sources(node: InstructionNode) -> Iterator[tuple[str, Span]]:
    if isinstance(node, Copy) and node.from_:
        yield node.from_.text, node.from_.span
    if isinstance(node, Run):
        for mount in node.mounts:
            source = mount_options(mount).get("from")
            if source:
                yield source, mount.value_span


def _holds(span: Span, line: int, column: int) -> bool:
    return (span.line, span.column) <= (line, column) <= (span.end_line, span.end_column)
