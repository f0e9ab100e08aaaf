"""Which stages reach an image, and which can be asked for: what rules about size and about safety speak of."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.tree import Cmd, Entrypoint, InstructionNode, User
from stagemill.lint.file import LintFile
from stagemill.lint.stages import Stage


def shipped(file: LintFile) -> tuple[Stage, ...]:
    """The stages whose layers are in the image: the last stage and those that it begins from."""
    asked = {stage.index for stage in file.asked}
    return tuple(stage for stage in file.shipped() if stage.index in asked)


def targets(file: LintFile) -> tuple[Stage, ...]:
    """The stages that somebody may build and run: the last one, and named ones that no stage begins from or reads."""
    return tuple(stage for stage in file.asked if stage is file.stages[-1] or (stage.name and is_leaf(file, stage)))


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
