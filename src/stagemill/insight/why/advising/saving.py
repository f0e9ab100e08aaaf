"""`Advice`: what would be better, with what it saves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from stagemill.insight.why.causes import Cause, Kind
from stagemill.insight.why.explain import Explained, reads
from stagemill.insight.why.past import Graph
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Advice:
    """What would be better, at a line; `steps` would have stayed cached, which took `seconds`. Both are 0 where it cannot be told."""

    text: str
    line: int
    steps: int = 0
    seconds: float = 0.0


def saving(text: str, line: int, steps: Sequence[Explained]) -> Advice:
    """The text goes on with what it saves."""
    seconds = sum(one.outcome.seconds for one in steps)
    count = "1 step" if len(steps) == 1 else f"{len(steps)} steps"
    return Advice(f"{text}, {count} and {duration(seconds)} stay cached", line, len(steps), round(seconds, 3))


def only_by(is_it: Callable[[Explained, Cause], bool], explained: Sequence[Explained], graph: Graph) -> list[Explained]:
    """The steps that ran for nothing but causes of a sort, themselves or by what they stand on and read."""
    ran = {one.step.digest for one in explained}
    found: dict[str, Explained] = {}
    for one in explained:
        below = [digest for digest in reads(one.step, graph) if digest in ran]
        causes = one.cause, *one.also
        if all(digest in found for digest in below) and all(
            is_it(one, cause) or (cause.kind is Kind.PARENT and cause.root in found) for cause in causes
        ):
            found[one.step.digest] = one
    return list(found.values())


def duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds >= 9.95 else f"{seconds:.1f} s"


def cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else f"{line[:39]}…"
