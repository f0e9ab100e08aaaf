"""Which stages reach an image, and which can be asked for: what rules about size and about safety speak of."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.tree import Cmd, Entrypoint, InstructionNode, User
from stagemill.lint.file import LintFile, source_stage
from stagemill.lint.stages import Stage


def shipped(file: LintFile) -> tuple[Stage, ...]:
    """The stages whose layers are in the image: the target and those that it begins from."""
    asked = {stage.index for stage in file.asked}
    return tuple(stage for stage in file.shipped() if stage.index in asked)


def targets(file: LintFile) -> tuple[Stage, ...]:
    """The stages that somebody may build and run: the last one, and named ones that no stage begins from or reads.

    Where a target is named, that one alone.
    """
    if file.surroundings.target is not None:
        return (file.target,)
    return tuple(stage for stage in file.asked if stage is file.target or (stage.name and is_leaf(file, stage)))


def needed(file: LintFile, stage: Stage) -> frozenset[int]:
    """The stage, and those that it begins from, reads or waits for, by their indices."""
    found: set[int] = set()
    pending = [stage]
    while pending:
        one = pending.pop()
        if one.index not in found:
            found.add(one.index)
            pending += [file.stages[one.parent]] if one.parent is not None else []
            pending += [read.source for read in file.reads if read.reader.index == one.index]
            waited = (source_stage(word.text, one, file.stages) for word in one.start.after)
            pending += [other for other in waited if other is not None]
    return frozenset(found)


def is_leaf(file: LintFile, stage: Stage) -> bool:
    """Whether no other stage begins from it, reads it, or waits for it."""
    waited = any(
        word.text.lower() == stage.name or word.text == str(stage.index)
        for other in file.stages
        for word in other.start.after
    )
    return not waited and not file.readers(stage) and not file.may_have_children(stage)


def target_chain(file: LintFile, stage: Stage) -> Iterator[InstructionNode]:
    """The instructions that made a stage, those of the stages it begins from first."""
    for step in file.steps(stage):
        yield step.node


def last_user(file: LintFile, stage: Stage) -> User | None:
    """The USER that a stage ends with."""
    found = [node for node in target_chain(file, stage) if isinstance(node, User)]
    return found[-1] if found else None


def runs_something(file: LintFile, stage: Stage) -> bool:
    """Whether the stage says what to run."""
    return any(isinstance(node, Cmd | Entrypoint) for node in target_chain(file, stage))
