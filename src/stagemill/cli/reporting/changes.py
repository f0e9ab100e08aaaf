"""What differs between a build and an earlier one: the Dockerfile, the steps, what they took and hold, and files of the results."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from stagemill.cli.reporting.files import files
from stagemill.cli.reporting.sizes import Sizes
from stagemill.insight.why.align import counterparts
from stagemill.insight.why.past import Outcome, Past
from stagemill.oci.document import JsonObject, integer, whole

_MOST_LINES = 400
_TELLING = 0.1  # seconds by which a step has to take more or less


def changes(now: Past, before: Past, sizes: Sizes) -> JsonObject:
    return {
        "build": before.number,
        "seconds": round(before.seconds, 3),
        "result": before.result,
        "dockerfile": [whole(line) for line in _lines(before, now)],
        "steps": [*sorted(_steps(now, before, sizes), key=_line)],
        "files": list(files(now, before, sizes)),
    }


def _line(step: JsonObject) -> int:
    return integer(step, "line")


def _lines(before: Past, now: Past) -> list[str]:
    old, new = before.graph.source.splitlines(), now.graph.source.splitlines()
    names = (f"build {before.number}", f"build {now.number}")
    return list(difflib.unified_diff(old, new, *names, lineterm=""))[:_MOST_LINES]


def _steps(now: Past, before: Past, sizes: Sizes) -> Iterator[JsonObject]:
    """Those that are new, gone, written anew, or took or hold something else."""
    pairs = counterparts(now.graph, before.graph)
    for step in now.graph.steps.values():
        if not step.is_step:
            continue
        other = before.graph.steps.get(pairs.get(step.digest, ""))
        if other is None:
            yield {"change": "new", "step": whole(step.text), "stage": step.stage, "line": step.line}
            continue
        took = [_took(past.outcome(one.digest)) for past, one in ((before, other), (now, step))]
        held = [sizes.of(other.digest), sizes.of(step.digest)]
        if step.text != other.text or (None not in held and held[0] != held[1]) or _tells(*took):
            yield {
                "change": "rewritten" if step.text != other.text else "same",
                "step": whole(step.text),
                "stage": step.stage,
                "line": step.line,
                "before": {"seconds": took[0], "size": held[0]},
                "after": {"seconds": took[1], "size": held[1]},
            }
    kept = set(pairs.values())
    for step in before.graph.steps.values():
        if step.is_step and step.digest not in kept:
            yield {"change": "gone", "step": whole(step.text), "stage": step.stage, "line": step.line}


def _tells(before: float | None, after: float | None) -> bool:
    return before is not None and after is not None and abs(after - before) >= _TELLING


def _took(outcome: Outcome | None) -> float | None:
    return outcome.seconds if outcome and outcome.state == "ran" else None
