"""`explain`: for every step that ran in a build, the first true cause; of builds before it the nearest tells."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from stagemill.insight.why.causes import Cause, Kind
from stagemill.insight.why.compare import Comparison, Keys, Notes, Selected, parent
from stagemill.insight.why.operations import of_operation
from stagemill.insight.why.past import Graph, Outcome, Past, PastStep
from stagemill.oci.document import Json
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Explained:
    """A step that ran, or was to run. `also` are further causes; `against` is the number of the build it is compared with."""

    step: PastStep
    outcome: Outcome
    cause: Cause
    also: tuple[Cause, ...] = ()
    against: int | None = None


def explain(
    now: Past, earlier: Sequence[Past], *, notes: Notes, keys: Keys, selected: Selected
) -> tuple[Explained, ...]:
    """In the order of the graph. `earlier` builds are the newest first; of a place with none, nothing was built before."""
    comparisons = [
        Comparison(now, then, notes=notes, keys=keys, selected=selected) for then in earlier if then.graph.steps
    ]
    found: dict[str, Explained] = {}
    for step in now.graph.steps.values():
        outcome = now.outcome(step.digest)
        if step.is_step and outcome and outcome.state not in {"cached", "alike"}:
            found[step.digest] = _explained(step, outcome, found, comparisons, now=now, earlier=earlier)
    return tuple(found.values())


def _explained(
    step: PastStep,
    outcome: Outcome,
    known: Mapping[str, Explained],
    comparisons: Sequence[Comparison],
    *,
    now: Past,
    earlier: Sequence[Past],
) -> Explained:
    if asked := _asked(step, now):
        return Explained(step, outcome, asked)
    below = _asked_below(step, known, now)
    before = [(then, then.outcome(step.digest)) for then in earlier]
    made = next(((then, other) for then, other in before if other and other.made), None)
    if below and (made or not comparisons):
        return Explained(step, outcome, below)
    if made:
        return Explained(step, outcome, _pruned(*made, before), against=made[0].number)
    if unfinished := next((pair for pair in before if step.digest in pair[0].graph.steps), None):
        return Explained(step, outcome, _unfinished(*unfinished), against=unfinished[0].number)
    return _compared(step, outcome, comparisons, now) or Explained(step, outcome, _never(step, outcome, now))


def _asked(step: PastStep, now: Past) -> Cause | None:
    if now.no_cache:
        return Cause(Kind.NO_CACHE, "--no-cache", "--no-cache")
    if step.stage in now.fresh:
        return Cause(Kind.NO_CACHE, f"--no-cache-filter {step.stage}", "--no-cache-filter")
    return Cause(Kind.NO_CACHE, "--rerun", "--rerun") if step.digest in now.again else None


def _asked_below(step: PastStep, known: Mapping[str, Explained], now: Past) -> Cause | None:
    """What it reads ran because somebody asked for it."""
    for digest in reads(step, now.graph):
        one = known.get(digest)
        root = known.get(one.cause.root) if one and one.cause.root else one
        if root and root.cause.kind is Kind.NO_CACHE:
            return parent(root.step, root.cause, kind=root.cause.kind)
    return None


def reads(step: PastStep, graph: Graph) -> Iterator[str]:
    """The inputs that have a name: of what puts a linked layer on a stage, what it puts where."""
    pending = [item.digest for item in step.inputs]
    while pending:
        digest = pending.pop(0)
        other = graph.steps.get(digest)
        if other and not other.name:
            pending += [item.digest for item in other.inputs]
        else:
            yield digest


def _pruned(then: Past, outcome: Outcome, before: Sequence[tuple[Past, Outcome | None]]) -> Cause:
    ran = any(other and other.state in {"ran", "alike"} for _, other in before)
    if outcome.state == "cached" and then.imports and not ran:
        text = f"build {then.number} had it from {', '.join(then.imports)}, and it was not kept here"
        return Cause(Kind.ELSEWHERE, text, then.imports[0])
    return Cause(Kind.PRUNED, f"pruned: what build {then.number} had is not in the store any more", str(then.number))


def _unfinished(then: Past, outcome: Outcome | None) -> Cause:
    what = "failed" if outcome and outcome.state == "failed" else "stopped before it was done"
    text = f"it failed in build {then.number}" if what == "failed" else f"build {then.number} {what}"
    return Cause(Kind.UNFINISHED, text, str(then.number))


def _compared(step: PastStep, outcome: Outcome, comparisons: Sequence[Comparison], now: Past) -> Explained | None:
    """What the build says in which fewest things differ, the latest of several. None is looked at in vain: a comparison costs."""
    told: list[tuple[Comparison, tuple[Cause, ...]]] = []
    kin: list[tuple[Comparison, tuple[Cause, ...]]] = []
    for one in comparisons:
        causes = one.causes.get(step.digest, ())
        if step.digest in one.match and not causes:
            return Explained(step, outcome, _same(one, step), against=one.then.number)
        if causes:
            (kin if step.digest in one.match else told).append((one, causes))
        if step.digest in one.match and len(causes) == 1:
            break
    if not kin and (not told or (now.imports and outcome.like)):
        return None
    best, causes = min(kin or told[:1], key=lambda pair: len(pair[1]))
    return Explained(step, outcome, causes[0], causes[1:], best.then.number)


def _same(one: Comparison, step: PastStep) -> Cause:
    """What it reads was made anew and is what it was, so that it would have been found by content."""
    before = one.then.outcome(one.match[step.digest])
    made = before is not None and before.made
    return _pruned(one.then, before, ((one.then, before),)) if before and made else _unfinished(one.then, before)


def _never(step: PastStep, outcome: Outcome, now: Past) -> Cause:
    if not now.imports:
        return Cause(Kind.NEW, "no step like it was built here")
    caches = ", ".join(now.imports)
    if like := _like(step, outcome):
        differs = next(of_operation(step, like, (now.graph, now.graph)), None)
        why = differs.text if differs else "what it reads is not the same"
        return Cause(Kind.ELSEWHERE, f"never built here, and {caches} has another: {why}", caches)
    return Cause(Kind.ELSEWHERE, f"never built here, and not in {caches}", caches)


def _like(step: PastStep, outcome: Outcome) -> PastStep | None:
    """A step of an imported cache, of which the values of variables are not known."""
    try:
        value: Json = json.loads(outcome.like) if outcome.like else None
    except ValueError:
        return None
    op = value.get("op") if isinstance(value, dict) else None
    if not isinstance(op, dict):
        return None
    return PastStep(step.digest, op, step.inputs, step.name, step.stage, step.line)
