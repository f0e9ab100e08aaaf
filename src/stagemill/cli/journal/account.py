"""`account`: what became of the steps of a build that was not all from the cache, for its row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from stagemill.cli.journal.journal import Journal, StepEnd
from stagemill.dockerfile.tree import Dockerfile
from stagemill.errors import StagemillError
from stagemill.execute.cache import is_remembered
from stagemill.graph.vertex import Vertex, walk
from stagemill.plan import rerun
from stagemill.store.builds import BuildRow
from stagemill.store.store import Store

if TYPE_CHECKING:
    from stagemill.cache.imports import Imports
    from stagemill.cli.making.building import BuildFlags


def account(row: BuildRow, journal: Journal, *, given: BuildFlags, store: Store, dockerfile: Dockerfile) -> BuildRow:
    """The row with the account, and how many steps ran and were cached."""
    plans = journal.plans
    goals = [vertex for plan in plans for vertex in plan.goals]
    vertices = {vertex.digest: vertex for vertex in walk(goals, plans[-1].order)}
    ends = {
        digest: end
        for digest, end in journal.ends.items()
        if digest in vertices and vertices[digest].label.name and is_remembered(vertices[digest])
    }
    try:
        again = sorted(rerun.chosen(given.rerun, dockerfile, plans))
    except StagemillError:
        again = []
    whole = {
        "no_cache": given.no_cache,
        "fresh": sorted(given.no_cache_filter),
        "again": again,
        "imports": journal.sources,
        "steps": {
            digest: [
                end.state,
                round(end.seconds, 3),
                *_key(vertices[digest], end, store, journal.imports),
                round(end.begun, 3),
            ]
            for digest, end in ends.items()
        },
        "trees": _trees(journal, store),
    }
    cached = sum(end.state in {"cached", "alike"} for end in ends.values())
    return replace(row, ran=len(ends) - cached, cached=cached, account=json.dumps(whole, separators=(",", ":")))


def _trees(journal: Journal, store: Store) -> dict[str, str]:
    """What the stages became, by their last steps: their records may be of other results later."""
    tops = {stage.vertex.digest for plan in journal.plans for stage in plan.stages}
    found = ((digest, store.records.get(digest)) for digest in sorted(tops))
    return {digest: record.result for digest, record in found if record}


def _key(vertex: Vertex, end: StepEnd, store: Store, imports: Imports | None) -> tuple[list[str], str]:
    """What its inputs counted with, and the ingredients of a step like it that an imported cache has."""
    if end.state == "cached":
        return [], ""
    record = store.records.get(vertex.digest)
    found = list(_inputs(record.ingredients)) if record else []
    return found, _like(vertex.label.name, imports) if imports and end.state != "alike" else ""


def _inputs(ingredients: str) -> Iterator[str]:
    from stagemill.insight.cause import inputs

    try:
        value = json.loads(ingredients)
    except ValueError:
        return
    yield from inputs(value if isinstance(value, dict) else {})


def _like(name: str, imports: Imports) -> str:
    tail = f"] {name.partition('] ')[2]}"
    steps = imports.all()
    same = [step for step in steps if step.name == name] or [step for step in steps if step.name.endswith(tail)]
    return same[0].ingredients if same else ""
