"""`Outlook`: what a build would do, stage by stage, as a report for people and programs; and its critical path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from stagemill.values import dataclass


class Doing(StrEnum):
    """What would become of a step; the values are what JSON says."""

    CACHED = "cached"
    ALIKE = "cached by content"
    RUN = "would run"
    OPEN = "would run, or be found by content"


class Role(StrEnum):
    """Why a stage is built."""

    TARGET = "target"
    ALSO = "must succeed"
    NEEDED = "needed"


@dataclass(frozen=True, slots=True)
class StepOutlook:
    """A step; `id` is its digest. `cause` is why it would run, if that is simple; `seconds` what it took before; `reads` the steps
    that it takes files of, by their ids.
    """

    id: str
    line: int
    text: str
    doing: Doing
    cause: str = ""
    seconds: float | None = None
    reads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StageOutlook:
    """A stage that would be built.

    `base` is an image, a stage or scratch; `digest` that of the image's manifest, empty where it is none. `reads` and
    `after` are titles of stages; `names` those of the image.
    """

    title: str
    line: int
    role: Role
    base: str
    digest: str
    reads: tuple[str, ...]
    after: tuple[str, ...]
    names: tuple[str, ...]
    steps: tuple[StepOutlook, ...]


@dataclass(frozen=True, slots=True)
class Selecting:
    """With `argument=value` the FROM at `line` would choose a skipped stage."""

    argument: str
    value: str
    line: int


@dataclass(frozen=True, slots=True)
class SkippedStage:
    """A stage that would not be built, and what would have it built."""

    title: str
    line: int
    why: str
    selected_by: tuple[Selecting, ...]


@dataclass(frozen=True, slots=True)
class ChosenBase:
    """A FROM line with arguments, and what they make of it."""

    line: int
    written: str
    arguments: tuple[tuple[str, str], ...]
    chosen: str


@dataclass(frozen=True, slots=True)
class PathStep:
    """A step of the critical path; `seconds` are those of an earlier run, None where there was none."""

    id: str
    name: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class OutlookReport:
    """`stages` in the order of the file; `path` is empty where nothing would run."""

    targets: tuple[str, ...]
    stages: tuple[StageOutlook, ...]
    skipped: tuple[SkippedStage, ...]
    choices: tuple[ChosenBase, ...]
    path: tuple[PathStep, ...]

    @property
    def seconds(self) -> float:
        """What the critical path takes at least: the times that are known."""
        return sum(step.seconds or 0.0 for step in self.path)

    @property
    def untimed(self) -> int:
        """How many steps of the path nobody knows the time of."""
        return sum(step.seconds is None for step in self.path)

    def count(self, *doing: Doing) -> int:
        """How many steps are so; one that several stages have counts once."""
        return len({step.id for stage in self.stages for step in stage.steps if step.doing in doing})


def critical_path(steps: Sequence[PathStep], below: Mapping[str, Sequence[str]]) -> tuple[PathStep, ...]:
    """The way through the steps that takes longest; among ways of the same time the one with most steps.

    `steps` are those that would run, each after what it waits for; `below` says by id what each waits for.
    """
    best: dict[str, tuple[float, int]] = {}
    came: dict[str, str | None] = {}
    by_id = {step.id: step for step in steps}
    for step in steps:
        ways = [other for other in below.get(step.id, ()) if other in best]
        before = max(ways, key=lambda other: best[other], default=None)
        seconds, count = best[before] if before else (0.0, 0)
        best[step.id] = (seconds + (step.seconds or 0.0), count + 1)
        came[step.id] = before
    way: list[PathStep] = []
    here = max(best, key=lambda other: best[other], default=None)
    while here is not None:
        way.insert(0, by_id[here])
        here = came[here]
    return tuple(way)
