"""`History`: the builds of a store as they are asked for, and why the steps of one ran."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from stagemill.cli.reasons.selected import Selected
from stagemill.digest import Digest
from stagemill.errors import StagemillError, UsageError
from stagemill.files.content import brief
from stagemill.insight.why import past
from stagemill.insight.why.causes import Kind
from stagemill.insight.why.explain import Explained, explain
from stagemill.insight.why.keys import read
from stagemill.insight.why.past import Graph, Past
from stagemill.store.builds import KEPT, BuildRow
from stagemill.store.store import Store
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.insight.why.advising.saving import Advice

Parts: TypeAlias = Iterable[tuple[str, str]]
"""What a content digest was made of: a path, and the facts about it."""

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
    """Reads builds; a graph that several have is read once. `contents` are of a build that is not written down yet."""

    def __init__(self, store: Store, contents: Mapping[Digest, Parts] | None = None) -> None:
        self._store = store
        self._contents = contents or {}
        self._noted: dict[str, dict[str, str] | None] = {}
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
        steps = self.explained(now, [self.past(self.row(against))] if against is not None else None)
        return Answer(now, steps, self._advice(now, steps), against)

    def _advice(self, now: Past, steps: Sequence[Explained]) -> tuple[Advice, ...]:
        """Nothing could have been better for what nobody had yet."""
        if all(one.cause.kind in {Kind.NEW, Kind.NO_CACHE, Kind.PRUNED} for one in steps):
            return ()
        from stagemill.insight.why.advice import advise

        return advise(now, steps)

    def explained(self, now: Past, earlier: Sequence[Past] | None = None) -> tuple[Explained, ...]:
        """Why its steps ran, or would run, beside `earlier` builds: those of the same place unless they are given."""
        earlier = list(self._earlier(now)) if earlier is None else earlier
        return explain(now, earlier, notes=self._notes, keys=self._keys, selected=Selected(self._store))

    def _earlier(self, now: Past) -> Iterator[Past]:
        """Of the same place; where there is none, of others with the same Dockerfile, such as one that was moved."""
        same = self._store.builds.of_place(now.place, _NEAREST, before=now.number)
        if same:
            yield from map(self.past, same)
            return
        rows = self._store.builds.latest(_NEAREST, before=now.number)
        texts = {step.text for step in now.graph.steps.values() if step.is_step}
        for one in map(self.past, rows):
            shared = texts & {step.text for step in one.graph.steps.values() if step.is_step}
            if one.graph.source == now.graph.source or 2 * len(shared) > len(texts):
                yield one

    def _notes(self, content: str) -> dict[str, str] | None:
        """Read once: it may be of a million files."""
        if content not in self._noted:
            self._noted[content] = self._read(content)
        return self._noted[content]

    def _read(self, content: str) -> dict[str, str] | None:
        try:
            digest = Digest(content)
            found = self._store.records.noted(digest)
        except ValueError:
            return None
        if found is None and digest in self._contents:
            return {path: brief(facts) for path, facts in self._contents[digest]}
        return dict(found) if found is not None else None

    def _keys(self, build: Past, digest: str) -> Sequence[str]:
        """As its build says, or another one that ran it, or the record that is still there."""
        outcome = build.outcomes.get(digest)
        if outcome and outcome.inputs:
            return outcome.inputs
        record = self._store.records.get(Digest(digest))
        return read(record.ingredients) if record else ()
