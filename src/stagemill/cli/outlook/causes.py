"""`causes`: why steps would run, in the words in which `stagemill why` says it of those that ran."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from stagemill.build import Foreseen
from stagemill.cli.journal.account import asked_again, like
from stagemill.cli.journal.document import document
from stagemill.cli.journal.journal import ignored, place_of
from stagemill.cli.reasons.reading import History
from stagemill.digest import Digest, canonical
from stagemill.graph.operations import Stack
from stagemill.graph.vertex import walk
from stagemill.insight.why import past
from stagemill.insight.why.compare import parent
from stagemill.insight.why.explain import Explained
from stagemill.insight.why.keys import read
from stagemill.insight.why.past import Outcome, Past
from stagemill.solve.forecast import Outlook, State
from stagemill.store.store import Store

if TYPE_CHECKING:
    from stagemill.cache.imports import Imports
    from stagemill.cli.making.building import BuildFlags
    from stagemill.cli.making.source import Inputs

_STATES = {State.FREE: "cached", State.FOUND: "cached", State.ALIKE: "alike", State.RUN: "ran", State.OPEN: "ran"}


def causes(
    foreseen: Foreseen,
    *,
    given: BuildFlags,
    inputs: Inputs,
    store: Store,
    imports: Imports | None = None,
    sources: tuple[str, ...] = (),
) -> Mapping[Digest, str]:
    """By digest, of what may run. `sources` are what people call the caches that `imports` has."""
    running = [look for look in foreseen.outlooks.values() if look.may_run]
    if not running:
        return {}
    now = _build(foreseen, given=given, inputs=inputs, imports=imports, sources=sources)
    history = History(store, foreseen.plans[0].contents)
    explained = {one.step.digest: one for one in history.explained(now)}
    return {look.vertex.digest: _told(look, explained) for look in running}


def _told(look: Outlook, explained: Mapping[str, Explained]) -> str:
    """What puts a linked layer on a stage is no step to people: it would run for one of the two."""
    vertex = look.vertex
    if vertex.digest in explained:
        one = explained[vertex.digest]
        return "; ".join(" ".join(cause.text.split()) for cause in (one.cause, *one.also))
    below = [explained[edge.vertex.digest] for edge in vertex.inputs if edge.vertex.digest in explained]
    if not below or not isinstance(vertex.op, Stack):
        return ""
    (first, *_) = below
    return parent(first.step, first.cause, kind=first.cause.kind).text


def _build(
    foreseen: Foreseen, *, given: BuildFlags, inputs: Inputs, imports: Imports | None, sources: tuple[str, ...]
) -> Past:
    """The build as its journal would have it."""
    plans = foreseen.plans
    goals = [vertex for plan in plans for vertex in plan.goals]
    vertices = {vertex.digest: vertex for vertex in walk(goals, plans[-1].order)}
    return Past(
        number=sys.maxsize,
        begun=0.0,
        seconds=0.0,
        result="running",
        place=place_of(given.context, inputs.dockerfile),
        title="",
        graph=past.graph("", document(plans, inputs.dockerfile, ignored(inputs))),
        outcomes={digest: _outcome(look, imports) for digest, look in foreseen.outlooks.items() if digest in vertices},
        no_cache=given.no_cache,
        fresh=given.no_cache_filter,
        again=frozenset(asked_again(given, inputs.dockerfile, plans)),
        imports=sources if imports else (),
    )


def _outcome(look: Outlook, imports: Imports | None) -> Outcome:
    key = canonical(look.key.ingredients).decode("utf-8", "surrogateescape") if look.key else ""
    known = like(look.vertex.label.name, imports) if imports and look.may_run and look.vertex.label.name else ""
    return Outcome(_STATES[look.state], inputs=tuple(read(key)), like=known)
