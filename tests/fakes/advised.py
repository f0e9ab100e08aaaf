"""Steps that ran for causes that a test gives, for tests of advice."""

from __future__ import annotations

from collections.abc import Sequence

from stagemill.insight.why.advice import advise
from stagemill.insight.why.causes import Cause, FileChange, Kind
from stagemill.insight.why.explain import Explained
from stagemill.insight.why.past import Graph, Input, Outcome, Past, PastStage, PastStep

VARIABLE = Cause(Kind.ARG, "ARG V was 1, is 2", "V", "1", "2")
FILES = Cause(Kind.FILE, "src/a changed", files=(FileChange("src/a", ("content",)),))


def files(*paths: str) -> Cause:
    return Cause(Kind.FILE, "", files=tuple(FileChange(path, ("content",)) for path in paths))


def after(line: int) -> Cause:
    return Cause(Kind.PARENT, f"after line {line}", "arg", root=f"sha256:{line}")


def ran(
    line: int,
    text: str,
    cause: Cause,
    *also: Cause,
    seconds: float = 2.0,
    stage: str = "app",
    on: Sequence[int] | None = None,
    state: str = "ran",
) -> Explained:
    """A step at a line; it stands on those `on` which it is said to, by their lines."""
    inputs = tuple(Input(f"sha256:{other}") for other in ((line - 1,) if on is None else on))
    step = PastStep(f"sha256:{line}", {"kind": "run/3"}, inputs, f"[{stage} 2/9] {text}", stage, line)
    return Explained(step, Outcome(state, seconds), cause, also)


def advised(source: str, *steps: Explained, cached: Sequence[Explained] = ()) -> list[str]:
    """What is advised of a build of a Dockerfile in which some steps ran and others were cached."""
    lines = source.splitlines()
    stages = tuple(
        PastStage(text.rsplit(maxsplit=1)[-1], number, (), {})
        for number, text in enumerate(lines, 1)
        if text.startswith("FROM ")
    )
    all_steps = {one.step.digest: one.step for one in (*cached, *steps)}
    outcomes = {one.step.digest: one.outcome for one in steps} | {one.step.digest: Outcome("cached") for one in cached}
    graph = Graph("", "Dockerfile", source, all_steps, stages)
    return [one.text for one in advise(Past(1, 0.0, 0.0, "built", "", "app", graph, outcomes), steps)]
