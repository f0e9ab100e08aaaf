"""`History`: the builds of a store as they are asked for, and why the steps of one ran."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from stagemill.digest import Digest
from stagemill.errors import StagemillError, UsageError
from stagemill.insight import cause
from stagemill.insight.why import past
from stagemill.insight.why.advice import Advice, advise
from stagemill.insight.why.explain import Explained, explain
from stagemill.insight.why.past import Graph, Past
from stagemill.store.builds import KEPT, BuildRow
from stagemill.store.store import Store
from stagemill.values import dataclass

_NEAREST = 20
"""How many earlier builds of the same place are looked at."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Why the steps of a build ran; `against` is the build that it was to be compared with, if one was named."""

    build: Past
    steps: tuple[Explained, ...]
    advice: tuple[Advice, ...]
    against: int | None = None


def _check_order(number: int | None, against: int | None) -> None:
    if number is not None and against is not None and against >= number:
        raise UsageError(f"--against {against} is not before build {number}", hint="name an earlier build")


class History:
    """Reads builds; a graph that several have is read once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._graphs: dict[str, Graph] = {}

    def row(self, number: int | None) -> BuildRow:
        """The build of that number, or the last one. Raises StagemillError where there is none."""
        if number is None:
            latest = self._store.builds.latest(1)
            if not latest:
                raise StagemillError("nothing was built here yet", hint="stagemill build . builds this directory")
            return latest[0]
        found = self._store.builds.get(number)
        if found is None:
            hint = f"stagemill builds lists them; the {KEPT} latest are kept"
            raise StagemillError(f"there is no build {number}", hint=hint)
        return found

    def past(self, row: BuildRow) -> Past:
        value = past.account(row.account)
        fresh, again, imports, trees = (value.get(name) for name in ("fresh", "again", "imports", "trees"))
        return Past(
            number=row.number,
            begun=row.begun,
            seconds=row.seconds,
            result=row.result,
            place=row.place,
            title=row.title,
            graph=self._graph(row.graph),
            outcomes=past.outcomes(value),
            all_cached=row.result == "built" and not row.account,
            no_cache=value.get("no_cache") is True,
            fresh=tuple(map(str, fresh)) if isinstance(fresh, list) else (),
            again=frozenset(map(str, again)) if isinstance(again, list) else frozenset(),
            imports=tuple(map(str, imports)) if isinstance(imports, list) else (),
            trees={key: str(tree) for key, tree in trees.items()} if isinstance(trees, dict) else {},
        )

    def _graph(self, name: str) -> Graph:
        if name not in self._graphs:
            document = self._store.builds.graph(name) if name else None
            try:
                self._graphs[name] = past.graph(name, document or "{}")
            except ValueError:
                self._graphs[name] = Graph(name, "", "")
        return self._graphs[name]

    def answer(self, number: int | None = None, against: int | None = None) -> Answer:
        """Raises StagemillError for a build that there is not, UsageError for one that is not earlier."""
        _check_order(number, against)
        now = self.past(self.row(number))
        _check_order(now.number, against)
        earlier = [self.past(self.row(against))] if against is not None else list(self._earlier(now))
        steps = explain(now, earlier, notes=self._notes, keys=self._keys)
        return Answer(now, steps, advise(now, steps), against)

    def _earlier(self, now: Past) -> Iterator[Past]:
        """Of the same place; where there is none, of others with the same Dockerfile, such as one that was moved."""
        rows = self._store.builds.latest(KEPT, before=now.number)
        same = [row for row in rows if row.place == now.place][:_NEAREST]
        if same:
            yield from map(self.past, same)
            return
        texts = {step.text for step in now.graph.steps.values() if step.is_step}
        for one in map(self.past, rows[:_NEAREST]):
            shared = texts & {step.text for step in one.graph.steps.values() if step.is_step}
            if one.graph.source == now.graph.source or 2 * len(shared) > len(texts):
                yield one

    def _notes(self, content: str) -> dict[str, str] | None:
        try:
            found = self._store.records.noted(Digest(content))
        except ValueError:
            return None
        return dict(found) if found is not None else None

    def _keys(self, build: Past, digest: str) -> Sequence[str]:
        """As its build says, or another one that ran it, or the record that is still there."""
        outcome = build.outcomes.get(digest)
        if outcome and outcome.inputs:
            return outcome.inputs
        record = self._store.records.get(Digest(digest))
        try:
            value = json.loads(record.ingredients) if record else {}
        except ValueError:
            return ()
        return cause.inputs(value if isinstance(value, dict) else {})
