"""`check`: runs the cached steps of a build again, and tells which of them give something else: those are not pure."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event

from stagemill import events
from stagemill.build import Built, Options, carry_out
from stagemill.cli.journal.journal import Journal
from stagemill.digest import Digest
from stagemill.dockerfile.tree import Dockerfile
from stagemill.errors import CancelledError, StagemillError, StepError
from stagemill.execute.executor import StoreExecutor
from stagemill.execute.tree import Tree
from stagemill.graph.operations import Run
from stagemill.graph.vertex import Vertex, walk
from stagemill.insight.purity import PathDifference, differences
from stagemill.values import dataclass

_SHOWN = 10  # paths of a step


@dataclass(frozen=True, slots=True)
class Verified:
    """A step that ran again. `error` is why it could not, where it could not."""

    vertex: Vertex
    paths: tuple[PathDifference, ...] = ()
    error: str = ""

    @property
    def pure(self) -> bool:
        return not self.paths and not self.error


def check(builds: Sequence[Built], dockerfile: Dockerfile, journal: Journal, *, listener: events.Listener) -> None:
    """Says what was found. The cache stays as it is. Raises StagemillError where a step is not pure."""
    cached = _cached(builds, journal)
    clock = builds[0].services.clock
    if not cached:
        listener(events.Notice("verify-cache: no RUN was cached, so there is nothing to run again", clock()))
        return
    found = list(_again(cached, builds, dockerfile, listener))
    listener(events.Notice(text(found), clock()))
    impure = [one for one in found if not one.pure]
    if impure:
        what = "1 cached step gives" if len(impure) == 1 else f"{len(impure)} cached steps give"
        hint = "pin what it fetches, leave out dates and random names; SOURCE_DATE_EPOCH is a date that stays"
        raise StagemillError(f"{what} something else when run again", hint=hint)


def _cached(builds: Sequence[Built], journal: Journal) -> list[Vertex]:
    """Every RUN that did not run in this build, and has a result."""
    vertices = walk([vertex for built in builds for vertex in built.plan.goals], builds[-1].plan.order)
    return [
        vertex
        for vertex in vertices
        if isinstance(vertex.op, Run)
        and (vertex.digest not in journal.ends or journal.ends[vertex.digest].state in {"cached", "alike"})
        and builds[0].cache.load(vertex.digest)
    ]


def _again(
    cached: Sequence[Vertex], builds: Sequence[Built], dockerfile: Dockerfile, listener: events.Listener
) -> Iterator[Verified]:
    """One after the other, so that they do not disturb each other."""
    first = builds[0]
    silent = replace(first.services, listener=events.ignore)
    inputs = list({edge.vertex: None for vertex in cached for edge in vertex.inputs})
    plans = [built.plan for built in builds]
    (known, *_) = carry_out(plans, inputs, dockerfile=dockerfile, services=silent, options=Options(bring=False))
    executor = StoreExecutor(silent, known.forms)
    clock = first.services.clock
    for vertex in cached:
        step = Digest.of_value(["verify", vertex.digest])
        listener(events.Started(step, f"verifying {vertex.label.name}", clock()))
        try:
            yield _one(vertex, known, executor, first)
        except BaseException as error:
            listener(events.Failed(step, str(error) or type(error).__name__, clock()))
            raise
        listener(events.Finished(step, clock()))


def _one(vertex: Vertex, known: Built, executor: StoreExecutor, first: Built) -> Verified:
    before = first.cache.load(vertex.digest)
    inputs = [known.tree_of(edge.vertex) for edge in vertex.inputs]
    if before is None or not isinstance(before.result, Tree):
        return Verified(vertex, error="its result was lost")
    with _log_kept(known.services.store.log_path(vertex.digest)):
        try:
            made = executor.execute(vertex, inputs, Event())
        except CancelledError:
            raise
        except StepError as error:
            return Verified(vertex, error=f"it fails when it is run again: exit code {error.exit_code}")
        except StagemillError as error:
            return Verified(vertex, error=error.message)
    assert isinstance(made, Tree)
    layers = [known.forms.layers(Tree(tree.layers[-1:]))[0] for tree in (before.result, made)]
    return Verified(vertex, differences(*map(known.forms.index, layers)))


@contextmanager
def _log_kept(path: Path) -> Iterator[None]:
    """The log of the run that made the result stays the one that stagemill log shows."""
    aside = path.with_suffix(".kept")
    there = path.exists()
    if there:
        os.replace(path, aside)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        if there:
            os.replace(aside, path)


def text(found: Sequence[Verified]) -> str:
    """A line for each step that is not pure, and its paths below it."""
    impure = [one for one in found if not one.pure]
    ran = "1 cached step ran" if len(found) == 1 else f"{len(found)} cached steps ran"
    lines = [f"verify-cache: {ran} again, {len(found) - len(impure)} gave the same"]
    for one in impure:
        at = one.vertex.label.at
        lines.append(f"{f'line {at.line}: ' if at else ''}{' '.join(one.vertex.label.name.split())} is not pure")
        if one.error:
            lines.append(f"    {one.error}")
        lines += [f"    {change.path}: {', '.join(change.how)}" for change in one.paths[:_SHOWN]]
        if len(one.paths) > _SHOWN:
            lines.append(f"    and {len(one.paths) - _SHOWN} more")
    return "\n".join(lines)
