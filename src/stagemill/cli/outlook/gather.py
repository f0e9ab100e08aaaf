"""`gather`: the report of what a build would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stagemill.build import Foreseen
from stagemill.cli.outlook.causes import Causes
from stagemill.cli.targets import Target
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

_DOING = {
    State.FREE: Doing.CACHED,
    State.FOUND: Doing.CACHED,
    State.ALIKE: Doing.ALIKE,
    State.RUN: Doing.RUN,
    State.OPEN: Doing.OPEN,
}


@dataclass(frozen=True, slots=True)
class Gathering:
    """What a report is made of."""

    foreseen: Foreseen
    dockerfile: Dockerfile
    request: Request
    targets: Sequence[Target]
    store: Store
    causes: Causes

    @property
    def plans(self) -> tuple[Plan, ...]:
        return self.foreseen.plans

    def report(self) -> OutlookReport:
        stages = {stage.index: stage for plan in reversed(self.plans) for stage in plan.stages}
        needed = sorted(stages)
        choices = selecting.choices(self.dockerfile, self.request, needed)
        return OutlookReport(
            targets=tuple(dict.fromkeys(plan.target.title for plan in self.plans)),
            stages=tuple(self._stage(stages[index], stages) for index in needed),
            skipped=self._skipped(needed),
            choices=tuple(ChosenBase(one.line, one.written, one.values, one.chosen) for one in choices),
            path=self._path(),
        )

    def _stage(self, stage: Stage, stages: Mapping[int, Stage]) -> StageOutlook:
        parent = stages[stage.parent] if stage.parent is not None else None
        base = parent.title if parent else stage.base.reference if stage.base else "scratch"
        titles = [[stages[index].title for index in indexes] for indexes in (stage.reads, stage.after)]
        return StageOutlook(
            title=stage.title,
            line=self.dockerfile.stages()[stage.index][0].span.line,
            role=self._role(stage),
            base=base,
            digest=stage.base.manifest if stage.base and not parent else "",
            reads=tuple(titles[0]),
            after=tuple(titles[1]),
            names=self._names(stage),
            steps=tuple(self._step(step) for step in stage.steps),
        )

    def _role(self, stage: Stage) -> Role:
        if any(plan.target.index == stage.index for plan in self.plans):
            return Role.TARGET
        also = any(stage.index == other.index for plan in self.plans for other in plan.also)
        return Role.ALSO if also else Role.NEEDED

    def _names(self, stage: Stage) -> tuple[str, ...]:
        pairs = zip(self.plans, self.targets, strict=True)
        return tuple(name for plan, target in pairs if plan.target.index == stage.index for name in target.names)

    def _step(self, step: Step) -> StepOutlook:
        digest = step.vertex.digest
        outlook = self.foreseen.outlooks.get(digest)
        if outlook is None:  # below something that is found, and forgotten itself
            return StepOutlook(digest, step.at.line, step.text, Doing.CACHED, "nothing needs it")
        cause = self.causes.of(outlook) if outlook.may_run else ""
        seconds = self._seconds(step.vertex) if outlook.may_run else None
        return StepOutlook(digest, step.at.line, step.text, _DOING[outlook.state], cause, seconds)

    def _seconds(self, vertex: Vertex) -> float | None:
        return self.store.durations.get(vertex.digest, vertex.label.name)

    def _skipped(self, needed: Sequence[int]) -> tuple[SkippedStage, ...]:
        others = selecting.alternatives(self.dockerfile, self.request, needed)
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
