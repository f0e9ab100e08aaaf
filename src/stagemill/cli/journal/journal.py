"""`Journal`: writes a build down in the store: a row when it is over, and one when it begins if anything has to be made.

A build from the cache adds its one row and loads nothing for it; of one that runs steps the account is made at the end.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

from stagemill import events
from stagemill.cli.making.directories import IgnoreFile
from stagemill.digest import Digest
from stagemill.errors import CancelledError, StoreError, redacted
from stagemill.store.builds import BuildRow
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.cache.imports import Imports
    from stagemill.cli.again.forms import Entry
    from stagemill.cli.making.building import BuildFlags
    from stagemill.cli.making.caches import Caches
    from stagemill.cli.making.source import Inputs
    from stagemill.cli.making.warnings import Checks
    from stagemill.dockerfile.tree import Dockerfile
    from stagemill.plan.planner import Plan
    from stagemill.store.store import Store


def place_of(context: str, dockerfile: Dockerfile) -> str:
    """The context, and the file in it, without logins: equal for builds of the same context and Dockerfile."""
    place = os.path.abspath(context) if os.path.isdir(context) else context
    return redacted(f"{place}\0{dockerfile.source.name}")


@dataclass(slots=True)
class StepEnd:
    """How a step ended: `ran`, `cached`, `alike`, `failed` or `stopped`, after some seconds; `begun` is since the build did."""

    state: str
    seconds: float = 0.0
    begun: float = 0.0


def ignored(inputs: Inputs) -> tuple[str, ...]:
    """The lines of the ignore file of the main context."""
    explained = inputs.context.ignored if inputs.context else None
    return tuple(rule.text for rule in explained.rules.rules) if isinstance(explained, IgnoreFile) else ()


class Journal:
    """A listener that passes everything on. `number` is that of the build, once it is written down, and `entry` what builds
    that are answered from its receipt have in their rows. With `only_work` a build that begins no step is not written down.
    """

    def __init__(
        self,
        listener: events.Listener,
        store: Store,
        *,
        given: BuildFlags,
        inputs: Inputs,
        checks: Checks,
        caches: Caches,
        started: float,
        only_work: bool = False,
    ) -> None:
        self.number = 0
        self.entry: Entry = {"place": "", "title": "", "graph": "", "steps": 0}
        self.imports: Imports | None = None
        self.ends: dict[Digest, StepEnd] = {}
        self._listener = listener
        self._store = store
        self._given = given
        self._inputs = inputs
        self._checks = checks
        self._caches = caches
        self._started = started
        self._only_work = only_work
        self._closed = False
        self._listed = False
        self._begun: dict[Digest, float] = {}
        self._lock = Lock()

    @property
    def sources(self) -> list[str]:
        """The caches that the build begins from, by what people call them."""
        return [source.name for source in self._caches.sources]

    @property
    def idle(self) -> bool:
        """Whether no step ran."""
        return all(end.state in {"cached", "alike"} for end in self.ends.values())

    @property
    def plans(self) -> Sequence[Plan]:
        return self._checks.plans

    def __call__(self, event: events.Event) -> None:
        match event:
            case events.Started(step, _, at, stage) if stage:
                self._begin(step, at)
            case events.Cached(step, _, at, _, why):
                self._end(step, "cached" if why == "definition" else "alike", at)
            case events.Finished(step, at):
                self._end(step, "ran", at)
            case events.Failed(step, _, at, cancelled):
                self._end(step, "stopped" if cancelled else "failed", at)
        self._listener(event)

    def _begin(self, step: Digest, at: float) -> None:
        with self._lock:
            self._begun[step] = at
            if self._listed or not self.plans:
                return
            self._listed = True
        with suppress(StoreError):  # it is tried again at the end, and told then
            self.number = self._store.builds.add(self._row())

    def _end(self, step: Digest, state: str, at: float) -> None:
        if state in {"cached", "alike"} or step in self._begun:
            begun = self._begun.get(step, at)
            self.ends[step] = StepEnd(state, at - begun, begun - self._started)

    @cached_property
    def place(self) -> str:
        """Where the build's files come from, as its row has it."""
        return place_of(self._given.context, self._inputs.dockerfile)

    def _row(self) -> BuildRow:
        title = " ".join(dict.fromkeys(plan.target.title for plan in self.plans))
        return BuildRow(self._started, self.place, title, number=self.number)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """The build is written down when the block ends, however it does, if it was ever planned."""
        try:
            yield
        except BaseException as error:
            self.close("stopped" if isinstance(error, CancelledError | KeyboardInterrupt) else "failed")
            raise
        self.close("built")

    def close(self, result: str) -> None:
        """Nothing that comes later counts."""
        if not self.plans or self._closed or (self._only_work and not self._begun):
            return
        self._closed = True
        try:
            self._write(result)
        except StoreError as error:
            self._listener(events.Notice(f"the build is not in stagemill builds: {error.message}", time.time()))

    def _write(self, result: str) -> None:
        builds = self._store.builds
        rules = ignored(self._inputs)
        name = self._name(rules)
        if not builds.knows(name):
            from stagemill.cli.journal.document import document

            builds.keep(name, document(self.plans, self._inputs.dockerfile, rules))
        row = replace(self._row(), seconds=time.time() - self._started, result=result, graph=name)
        if result == "built" and self.idle and not self.sources:
            row = replace(row, cached=len(self.ends))
        else:
            from stagemill.cli.journal.account import account

            row = account(row, self, given=self._given, store=self._store, dockerfile=self._inputs.dockerfile)
        self.entry = {"place": row.place, "title": row.title, "graph": row.graph, "steps": row.ran + row.cached}
        if self.number:
            builds.update(row)
        else:
            self.number = builds.add(row)

    def _name(self, rules: Sequence[str]) -> Digest:
        """Equal for builds of the same steps from the same text: the digests of what is made have the rest in them."""
        goals = [vertex.digest for plan in self.plans for vertex in plan.goals]
        text = Digest.of(self._inputs.dockerfile.source.text.encode("utf-8", "surrogateescape"))
        given = sorted(self._given.build_args.items())
        return Digest.of_value([3, goals, text, rules, given])
