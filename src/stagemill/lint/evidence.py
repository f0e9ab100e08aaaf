"""`Evidence`: what a build of a file has shown, for rules that ask for it. It counts for what stands in the file as it did then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field

from stagemill.dockerfile.tree import Dockerfile, From, InstructionNode
from stagemill.lint.stages import Stage
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Unneeded:
    """`files` of one `kind` that a step brought to an image and that no program needs to run; `size` in bytes, and the largest."""

    kind: str
    files: int
    size: int
    largest: str


@dataclass(frozen=True, slots=True)
class Needless:
    """How many steps ran for a variable that they do not read, and how long they took."""

    steps: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """`build` is what people call it; all lines and stages are those of `dockerfile`, the text that it was of.

    `made` are the stages that it needed and was not asked for, `seconds` what steps took, `unneeded` what is left over
    in the image of what a step brought, `needless` what ran for the ARG or ENV of a line.
    """

    dockerfile: Dockerfile
    build: str
    made: frozenset[int] = frozenset()
    seconds: Mapping[int, float] = field(default_factory=dict)
    unneeded: Mapping[int, tuple[Unneeded, ...]] = field(default_factory=dict)
    needless: Mapping[int, Needless] = field(default_factory=dict)

    def stage(self, stage: Stage) -> tuple[int, From, Sequence[InstructionNode]] | None:
        """What a stage was then, by its name; by its place where it had none. None where it begins from something else now."""
        stages = self.dockerfile.stages()
        names = [start.name.text.lower() if start.name else "" for start, _ in stages]
        found = [index for index, name in enumerate(names) if name and name == stage.name]
        if not found and stage.index < len(names) and not names[stage.index]:
            found = [stage.index]
        if not found or stages[found[-1]][0].image.text != stage.start.image.text:
            return None
        return found[-1], *stages[found[-1]]

    def then(self, stage: Stage, node: InstructionNode) -> InstructionNode | None:
        """The instruction of then that an instruction of a stage still is; of several that are equal the one in the same turn."""
        old = self.stage(stage)
        if old is None:
            return None
        above = texts(step.node for step in stage.steps if step.node.span.line < node.span.line)
        turn = above.count(node.raw.strip())
        same = [other for other in old[2] if other.raw.strip() == node.raw.strip()]
        return same[turn] if turn < len(same) else None

    def is_as_it_was(self, stage: Stage) -> bool:
        """Whether nothing in a stage has changed."""
        old = self.stage(stage)
        return old is not None and texts(step.node for step in stage.steps) == texts(old[2])


def texts(nodes: Iterable[InstructionNode]) -> list[str]:
    """What tells whether instructions are the same; comments above them count for nothing."""
    return [node.raw.strip() for node in nodes]
