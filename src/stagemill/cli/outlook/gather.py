"""`gather`: the report of what a build would do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from stagemill.build import Foreseen
from stagemill.cli.outlook.causes import Causes
from stagemill.cli.results.targets import Target
from stagemill.digest import Digest
from stagemill.dockerfile.tree import Dockerfile
from stagemill.graph.vertex import Vertex
from stagemill.insight.outlook import (
    ChosenBase,
    Doing,
    OutlookReport,
    PathStep,
    Role,
    Selecting,
    SkippedStage,
    StageOutlook,
    StepOutlook,
    critical_path,
)
from stagemill.plan import selecting
from stagemill.plan.outline import StageText
from stagemill.plan.planner import Plan, Stage
from stagemill.plan.request import Request
from stagemill.plan.state import Step
from stagemill.solve.forecast import State
from stagemill.store.store import Store
from stagemill.values import dataclass

_DOING = {
    State.FREE: Doing.CACHED,
    State.FOUND: Doing.CACHED,
    State.ALIKE: Doing.ALIKE,
    State.RUN: Doing.RUN,
    State.OPEN: Doing.OPEN,
}


@dataclass(frozen=True, slots=True)
class Gathering:
    """What a report is made of: of a request, and its plan, for each target and platform."""

    foreseen: Foreseen
    dockerfile: Dockerfile
    requests: Sequence[Request]
    targets: Sequence[Target]
    store: Store
    causes: Causes

    @property
    def plans(self) -> tuple[Plan, ...]:
        return self.foreseen.plans

    def report(self) -> OutlookReport:
        needed = sorted({stage.index for plan in self.plans for stage in plan.stages})
        choices = dict.fromkeys(
            choice
            for request, plan in zip(self.requests, self.plans, strict=True)
            for choice in selecting.choices(self.dockerfile, request, [stage.index for stage in plan.stages])
        )
        steps = {step.vertex.digest for plan in self.plans for stage in plan.stages for step in stage.steps}
        return OutlookReport(
            targets=tuple(dict.fromkeys(plan.target.title for plan in self.plans)),
            stages=tuple(self._stage(plan, stage, steps) for plan, stage in self._stages(needed)),
            skipped=self._skipped(needed),
            choices=tuple(
                ChosenBase(one.line, one.written, one.values, one.chosen)
                for one in sorted(choices, key=lambda one: one.line)
            ),
            path=self._path(),
        )

    def _stages(self, needed: Sequence[int]) -> Iterator[tuple[Plan, Stage]]:
        """Each stage once, in the order of the file; one that differs between platforms once for each of them."""
        for index in needed:
            seen: set[str] = set()
            for plan, stage in self._all(index):
                title = self._title(plan, index)
                if title not in seen:
                    seen.add(title)
                    yield plan, stage

    def _all(self, index: int) -> Iterator[tuple[Plan, Stage]]:
        return ((plan, stage) for plan in self.plans for stage in plan.stages if stage.index == index)

    def _title(self, plan: Plan, index: int) -> str:
        """What a stage is called, with its platform where there are several of it."""
        found = list(self._all(index))
        title = found[0][1].title
        several = {other.platform for other, _ in found}
        same = len({stage.vertex.digest for _, stage in found}) == 1
        return title if same or len(several) == 1 else f"{title} for {plan.platform.full}"

    def _stage(self, plan: Plan, stage: Stage, steps: AbstractSet[Digest]) -> StageOutlook:
        parent = self._title(plan, stage.parent) if stage.parent is not None else None
        base = parent or (stage.base.reference if stage.base else "scratch")
        titles = [[self._title(plan, index) for index in indexes] for indexes in (stage.reads, stage.after)]
        return StageOutlook(
            title=self._title(plan, stage.index),
            line=self.dockerfile.stages()[stage.index][0].span.line,
            role=self._role(stage),
            base=base,
            digest=stage.base.manifest if stage.base and parent is None else "",
            reads=tuple(titles[0]),
            after=tuple(titles[1]),
            names=self._names(stage),
            steps=tuple(self._step(step, steps) for step in stage.steps),
        )

    def _role(self, stage: Stage) -> Role:
        if any(plan.target.index == stage.index for plan in self.plans):
            return Role.TARGET
        also = any(stage.index == other.index for plan in self.plans for other in plan.also)
        return Role.ALSO if also else Role.NEEDED

    def _names(self, stage: Stage) -> tuple[str, ...]:
        count = len(self.plans) // len(self.targets)
        pairs = zip(self.plans[::count], self.targets, strict=True)
        return tuple(name for plan, target in pairs if plan.target.index == stage.index for name in target.names)

    def _step(self, step: Step, steps: AbstractSet[Digest]) -> StepOutlook:
        digest = step.vertex.digest
        outlook = self.foreseen.outlooks.get(digest)
        reads = tuple(sorted(_reads(step.vertex, steps)))
        if outlook is None:  # below something that is found, and forgotten itself
            return StepOutlook(digest, step.at.line, step.text, Doing.CACHED, "nothing needs it", reads=reads)
        cause = self.causes.of(outlook) if outlook.may_run else ""
        seconds = self._seconds(step.vertex) if outlook.may_run else None
        return StepOutlook(digest, step.at.line, step.text, _DOING[outlook.state], cause, seconds, reads)

    def _seconds(self, vertex: Vertex) -> float | None:
        return self.store.durations.get(vertex.digest, vertex.label.name)

    def _skipped(self, needed: Sequence[int]) -> tuple[SkippedStage, ...]:
        others = selecting.alternatives(self.dockerfile, self.requests[0], needed)
        texts: dict[int, StageText] = {text.index: text for plan in self.plans for text in plan.skipped}
        targets = " or ".join(dict.fromkeys(plan.target.title for plan in self.plans))
        return tuple(
            SkippedStage(
                text.title,
                text.start.span.line,
                f"not needed by {targets}",
                tuple(Selecting(one.argument, one.value, one.line) for one in others if one.stage == index),
            )
            for index, text in sorted(texts.items())
            if index not in needed
        )

    def _path(self) -> tuple[PathStep, ...]:
        """Nameless steps (files of a context) take no time and are no steps to people."""
        order = self.plans[-1].order
        running = {key: look.vertex for key, look in self.foreseen.outlooks.items() if look.may_run}
        steps = [
            PathStep(key, vertex.label.name, self._seconds(vertex) if vertex.label.name else 0.0)
            for key, vertex in running.items()
        ]
        below: dict[str, list[Digest]] = {
            key: [
                *(edge.vertex.digest for edge in vertex.inputs),
                *(other.digest for other in order.get(vertex.digest, ())),
            ]
            for key, vertex in running.items()
        }
        return tuple(step for step in critical_path(steps, below) if step.name)


def _reads(vertex: Vertex, steps: AbstractSet[Digest]) -> Iterator[Digest]:
    """The `steps` that a step waits for; what nobody sees in between is passed over."""
    seen: set[Digest] = set()
    waiting = [edge.vertex for edge in vertex.inputs]
    while waiting:
        one = waiting.pop()
        if one.digest in seen:
            continue
        seen.add(one.digest)
        if one.digest in steps:
            yield one.digest
        else:
            waiting += [edge.vertex for edge in one.inputs]
