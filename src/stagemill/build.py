"""The composition: one line for each arrow of the design, from text to image."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from stagemill import events
from stagemill.digest import Digest
from stagemill.dockerfile.tree import Dockerfile
from stagemill.errors import CorruptError, DockerfileError, StagemillError
from stagemill.execute.assemble import Finish, assemble
from stagemill.execute.cache import StoreCache
from stagemill.execute.executor import StoreExecutor
from stagemill.execute.forms import Forms
from stagemill.execute.services import Services
from stagemill.execute.tree import Result, Tree
from stagemill.files.select import MissingSourceError
from stagemill.files.view import FileView
from stagemill.graph.vertex import Vertex
from stagemill.oci.image import Image
from stagemill.plan.planner import Plan, Stage, plan
from stagemill.plan.request import Request
from stagemill.plan.resolver import Resolver
from stagemill.solve.solve import solve

DEFAULT_WORKERS = 16  # steps are other processes, which mostly wait for a network or a disk


@dataclass(frozen=True, slots=True)
class Options:
    """How to build, as opposed to what. `fresh(stage title)` says for which stages no cache is to be used.

    `approve` sees the plan before anything is made of it, and raises StagemillError to stop there.
    """

    workers: int = DEFAULT_WORKERS
    fresh: Callable[[str], bool] = lambda _stage: False
    approve: Callable[[Plan], None] = lambda _plan: None


@dataclass(frozen=True, slots=True)
class Built:
    """A plan that was carried out: `results` holds the tree of every vertex that was made or found."""

    plan: Plan
    results: Mapping[Digest, Result]
    forms: Forms
    services: Services
    epoch: int | None

    def tree(self, stage: Stage) -> Tree:
        return self.tree_of(stage.vertex)

    def tree_of(self, vertex: Vertex) -> Tree:
        result = self.results[vertex.digest]
        assert isinstance(result, Tree)
        return result

    def image(self, finish: Finish | None = None) -> Image:
        """The target's image, with its layers packed."""
        target = self.plan.target
        now = self.services.clock()
        finish = finish or Finish(epoch=self.epoch)
        return assemble(target.image, self.tree(target), forms=self.forms, now=now, finish=finish)


def build(
    dockerfile: Dockerfile, request: Request, resolver: Resolver, *, services: Services, options: Options
) -> Built:
    """Makes the target's tree, and only what it needs. Raises StagemillError."""
    planned = plan(dockerfile, request, resolver, services.remotes)
    options.approve(planned)
    return carry_out(planned, (planned.target.vertex,), services=services, options=options)


def make_all(
    dockerfile: Dockerfile, request: Request, resolver: Resolver, *, services: Services, options: Options
) -> Built:
    """The same, and the results hold the tree of every stage that the target needs."""
    planned = plan(dockerfile, request, resolver, services.remotes)
    options.approve(planned)
    vertices = tuple(stage.vertex for stage in planned.stages)
    return carry_out(planned, vertices, services=services, options=options)


def carry_out(planned: Plan, targets: tuple[Vertex, ...], *, services: Services, options: Options) -> Built:
    """Makes the trees of some vertices of a plan.

    What is found torn in the store has been thrown away, and so is made again at the second attempt.
    """
    for notice in planned.notices:
        services.listener(events.Notice(notice, services.clock()))
    try:
        return _attempt(planned, targets, services=services, options=options)
    except StagemillError as error:
        if not isinstance(error, CorruptError) and not isinstance(error.__cause__, CorruptError):
            raise
        services.listener(events.Notice(f"{error.message}; building again", services.clock()))
    return _attempt(planned, targets, services=services, options=options)


def make_tree(vertex: Vertex, *, services: Services) -> FileView:
    """The files of something that no Dockerfile has a part in: a remote context. Raises StagemillError."""
    forms = Forms(services.store, remote=services.remote)
    results = _solved((vertex,), None, forms, services=services, options=Options())
    result = results[vertex.digest]
    assert isinstance(result, Tree)
    return forms.view(result)


def _attempt(planned: Plan, targets: tuple[Vertex, ...], *, services: Services, options: Options) -> Built:
    forms = Forms(services.store, remote=services.remote)
    results = _solved(targets, planned, forms, services=services, options=options)
    return Built(planned, results, forms, services, planned.epoch)


def _solved(
    targets: tuple[Vertex, ...], planned: Plan | None, forms: Forms, *, services: Services, options: Options
) -> Mapping[Digest, Result]:
    cache = StoreCache(services.store, clock=services.clock, contents=planned.contents if planned else {})
    try:
        return solve(
            targets,
            executor=StoreExecutor(services, forms),
            cache=cache,
            listener=named_only(services.listener),
            clock=services.clock,
            workers=options.workers,
            no_cache=lambda vertex: options.fresh(vertex.label.stage),
        )
    except DockerfileError as error:
        if planned is None or not isinstance(error.__cause__, MissingSourceError):
            raise
        from stagemill.execute.elsewhere import explained  # noqa: PLC0415  only errors need it

        raise explained(error, _places(planned, cache, forms=forms, services=services)) from error.__cause__


def _places(planned: Plan, cache: StoreCache, *, forms: Forms, services: Services) -> Iterator[tuple[str, FileView]]:
    """The trees of stages that were made, and the context, each with how a COPY names it."""
    for stage in planned.stages:
        hit = cache.load(stage.vertex.digest)
        if hit and isinstance(hit.result, Tree) and forms.here(hit.result):
            yield f"the stage {stage.title} has it: write --from={stage.name or stage.index}", forms.view(hit.result)
    if context := services.contexts.get("context"):
        yield "the build context has it: leave --from out", context


def named_only(listener: events.Listener) -> events.Listener:
    """Keeps from the listener what has no name for people: scratch, the files of a context."""
    silent: set[Digest] = set()

    def tell(event: events.Event) -> None:
        if isinstance(event, events.Started | events.Cached) and not event.name:
            silent.add(event.step)
        if isinstance(event, events.Notice) or event.step not in silent:
            listener(event)

    return tell
