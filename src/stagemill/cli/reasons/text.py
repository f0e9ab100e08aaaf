"""Why steps ran, for people: a line for each, and what would save time."""

from __future__ import annotations

from collections.abc import Sequence

from stagemill.cli.frame import table
from stagemill.cli.progress.text import harmless
from stagemill.cli.reasons.named import NOTHING, named
from stagemill.cli.reasons.reading import Answer
from stagemill.insight.why.explain import Explained

_STEP = 44  # characters of a step


def text(answer: Answer, steps: Sequence[Explained], *, now: float) -> str:
    """`steps` are those of the answer that were asked for."""
    lines = [heading(answer, now=now)]
    if steps:
        lines += ["", table.render(("LINE", "STEP", "TOOK", "WHY"), [_row(one) for one in steps], right=(0, 2))]
    if answer.advice:
        lines += ["", *(f"advice: {harmless(one.text)}" for one in answer.advice)]
    return "\n".join(lines)


def heading(answer: Answer, *, now: float) -> str:
    """`build 12 of web, 3 minutes ago: 4 of 9 steps ran, in 52 s`."""
    build = answer.build
    steps = [step for step in build.graph.steps.values() if step.is_step]
    count = len(answer.steps)
    what = f"{count} of {_counted(len(steps))} ran" if count else NOTHING
    if build.result != "built":
        what = f"{build.result}, {what if count else 'before any step ran'}"
    beside = f", compared with build {answer.against}" if answer.against is not None else ""
    return harmless(f"{named(build.number, build.title, build.begun, now=now)}: {what}{beside}")


def _counted(count: int) -> str:
    return f"{count} step{'' if count == 1 else 's'}"


def _row(one: Explained) -> tuple[str, str, str, str]:
    step = one.step
    more = f" (and {'; '.join(cause.text for cause in one.also)})" if one.also else ""
    took = f"{one.outcome.seconds:.1f} s" if one.outcome.state == "ran" else one.outcome.state
    return str(step.line or ""), harmless(_cut(step.name)), took, harmless(_line(f"{one.cause.text}{more}"))


def _line(text: str) -> str:
    return " ".join(text.split())


def _cut(text: str) -> str:
    line = _line(text)
    return line if len(line) <= _STEP else f"{line[: _STEP - 1]}…"
