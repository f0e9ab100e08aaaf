"""`drawn`: the picture of a build that was carried out, from its journal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from stagemill.cli.reporting.sizes import Sizes
from stagemill.insight.outlook import PathStep, critical_path
from stagemill.insight.picture.picture import Arrow, Box, Picture, Row, Tone, Way
from stagemill.insight.why.past import Past, PastStep

_TONES = {
    "ran": Tone.RAN,
    "cached": Tone.CACHED,
    "alike": Tone.CACHED,
    "failed": Tone.FAILED,
    "stopped": Tone.FAILED,
}
_WORDS = {"alike": "cached by content"}


def drawn(past: Past, sizes: Sizes) -> Picture:
    slow = {step.id for step in slowest(past)}
    stages = _stages(past)
    wanted = set(past.title.split())
    boxes = tuple(
        Box(title, _base(past, title), tuple(_row(step, past, sizes, slow=step.digest in slow) for step in steps), "target" if title.partition(" for ")[0] in wanted else "")
        for title, steps in stages.items()
    )  # fmt: skip
    arrows = tuple(dict.fromkeys(_arrows(past, stages)))
    return Picture(f"build {past.number} of {past.title}", boxes, arrows)


def slowest(past: Past) -> tuple[PathStep, ...]:
    """The steps that the build had to wait for: the longest way through what ran."""
    steps = past.graph.steps.values()
    timed = [PathStep(step.digest, step.name if step.is_step else "", _seconds(past, step)) for step in steps]
    below = {step.digest: [one.digest for one in step.inputs] for step in steps}
    ran = {step.digest for step in steps if (found := past.outcome(step.digest)) and found.state in {"ran", "failed"}}
    return tuple(step for step in critical_path(timed, below) if step.id in ran and step.name)


def _seconds(past: Past, step: PastStep) -> float:
    outcome = past.outcome(step.digest)
    return outcome.seconds if outcome and outcome.state in {"ran", "failed"} else 0.0


def _stages(past: Past) -> Mapping[str, list[PastStep]]:
    """In the order of the file; those without a step too."""
    lines = {stage.title: stage.line for stage in past.graph.stages}
    steps = [step for step in past.graph.steps.values() if step.is_step]
    kinds = {(step.stage, step.platform) for step in steps}
    several = {stage for stage, count in Counter(stage for stage, _ in kinds).items() if count > 1}
    found: dict[str, list[PastStep]] = {}
    for step in steps:
        title = f"{step.stage} for {step.platform}" if step.stage in several and step.platform else step.stage
        found.setdefault(title, []).append(step)
    for stage in past.graph.stages:
        shared = (replace(past.graph.steps[key], line=line) for key, line in stage.shared if key in past.graph.steps)
        found.setdefault(stage.title, []).extend(step for step in shared if stage.title not in several)
    for title in lines:
        if not found.get(title) and any(name.startswith(f"{title} for ") for name in found):
            found.pop(title, None)
    for own in found.values():
        own.sort(key=lambda step: step.line)
    ordered = sorted(found, key=lambda title: (lines.get(title.partition(" for ")[0], 0), title))
    return {title: found[title] for title in ordered}


def _base(past: Past, title: str) -> str:
    stage = past.graph.stage(title.partition(" for ")[0])
    return (stage.parent or stage.begins or stage.ref or "scratch") if stage else "scratch"


def _row(step: PastStep, past: Past, sizes: Sizes, *, slow: bool) -> Row:
    outcome = past.outcome(step.digest)
    state = outcome.state if outcome else ""
    seconds = outcome.seconds if outcome and state in {"ran", "failed"} else None
    tone, word = _TONES.get(state, Tone.UNKNOWN), _WORDS.get(state, state or "not needed")
    return Row(step.digest, step.line, step.text, tone, word, seconds, sizes.of(step.digest), slow)


def _arrows(past: Past, stages: Mapping[str, list[PastStep]]) -> Iterator[Arrow]:
    for title, steps in stages.items():
        places = _places(title, stages)
        base = _base(past, title)
        if base in stages and base != title:
            yield Arrow(base, title, -1, Way.FROM)
        for row, step in enumerate(steps):
            for source, begin in _reached(step, past, places):
                if source != title and not (source == base and row == 0 and _stands_on(step, past, places) == source):
                    yield Arrow(source, title, row, Way.READS, None if begin == len(stages[source]) - 1 else begin)


def _places(title: str, stages: Mapping[str, list[PastStep]]) -> Mapping[str, tuple[str, int]]:
    """Where each step is drawn, as a stage sees it: one that several have is its own, else the first one's."""
    found = {step.digest: (title, row) for row, step in enumerate(stages[title])}
    for other, steps in stages.items():
        for row, step in enumerate(steps):
            found.setdefault(step.digest, (other, row))
    return found


def _reached(step: PastStep, past: Past, places: Mapping[str, tuple[str, int]]) -> Iterator[tuple[str, int]]:
    """The stages and rows of the steps that a step reads, through what nobody sees."""
    pending = [one.digest for one in step.inputs]
    seen: set[str] = set()
    while pending:
        digest = pending.pop()
        if digest in seen:
            continue
        seen.add(digest)
        if digest in places:
            yield places[digest]
        elif below := past.graph.steps.get(digest):
            pending += [one.digest for one in below.inputs]


def _stands_on(step: PastStep, past: Past, places: Mapping[str, tuple[str, int]]) -> str:
    """The stage whose tree a step goes on from."""
    here: PastStep | None = step
    while here and here.inputs:
        digest = here.inputs[0].digest
        if digest in places:
            return places[digest][0]
        here = past.graph.steps.get(digest)
    return ""
