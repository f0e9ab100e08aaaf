"""The composition: one line for each arrow of the design, from text to image."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from stagemill import events
from stagemill.cache.chain import Chain
from stagemill.digest import Digest
from stagemill.dockerfile.tree import Dockerfile
from stagemill.errors import CorruptError, DockerfileError, StagemillError
from stagemill.execute import base
from stagemill.execute.assemble import Finish, assemble
from stagemill.execute.cache import StoreCache
from stagemill.execute.executor import StoreExecutor
from stagemill.execute.forms import Forms
from stagemill.execute.overlap import Overlap, Shipment, way
from stagemill.execute.services import Services
from stagemill.execute.timing import Tally, timed
from stagemill.execute.tree import Result, Tree
from stagemill.files.select import MissingSourceError
from stagemill.files.view import FileView
from stagemill.graph.vertex import Vertex, walk
from stagemill.oci.image import Image
from stagemill.plan import rerun
from stagemill.plan.depth import too_deep
from stagemill.plan.epoch import ahead
from stagemill.plan.planner import Plan, Stage, plan, plan_each
from stagemill.plan.request import Request
from stagemill.plan.resolver import Resolver
from stagemill.solve.protocols import Cache
from stagemill.solve.solve import solve
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.execute.exporting import Finished
    from stagemill.solve.forecast import Outlook

DEFAULT_WORKERS = 16  # steps are other processes, which mostly wait for a network or a disk


@dataclass(frozen=True, slots=True)
class Options:
    """How to build, as opposed to what. `fresh(stage title)` says for which stages no cache is to be used.

    `approve` sees the plans before anything is made of them, and raises StagemillError to stop there. `rerun` names
    stages and lines whose steps are made again, and what depends on those that give something else then. `more` is what of a
    plan is made beside its goals, for somebody who looks at it. With `bring` the layers of the targets that an imported cache
    has are here afterwards; with `inline` images carry their own cache. `shipments` say for each target what becomes of its
    images, so that their layers can be on their way while the build runs.
    """

    workers: int = DEFAULT_WORKERS
    fresh: Callable[[str], bool] = lambda _stage: False
    approve: Callable[[Sequence[Plan]], None] = lambda _plans: None
    rerun: tuple[str, ...] = ()
    more: Callable[[Plan], Sequence[Vertex]] = lambda _plan: ()
    bring: bool = True
    inline: bool = False
    shipments: Sequence[Sequence[Shipment]] = ()


@dataclass(frozen=True, slots=True)
class Built:
    """A plan that was carried out: `results` holds the tree of every vertex that was made or found, `cache` finds it again.

    `used` steps were found in imported caches, and those of `steps_run` were carried out, in all plans of the same build
    together. With `inline` its images carry their own cache.
    """

    plan: Plan
    results: Mapping[Digest, Result]
    forms: Forms
    services: Services
    epoch: int | None
    cache: Cache[Result]
    used: int = 0
    steps_run: frozenset[Digest] = frozenset()
    inline: bool = False

    @property
    def ran(self) -> int:
        """How many steps were carried out."""
        return len(self.steps_run)

    def tree(self, stage: Stage) -> Tree:
        return self.tree_of(stage.vertex)

    def tree_of(self, vertex: Vertex) -> Tree:
        result = self.results[vertex.digest]
        assert isinstance(result, Tree)
        return result

    def image(self, finish: Finish | None = None, *, stage: Stage | None = None) -> Image:
        """The image of a stage that was made, the target unless it is given, with its layers packed."""
        stage = stage or self.plan.target
        now = self.services.clock()
        finish = finish or Finish(epoch=self.epoch)
        cached = list(self.finished.steps("min")) if self.inline else ()
        begins = base.read_image(self.forms.store, stage.base.manifest) if stage.base else None
        return assemble(
            stage.image, self.tree(stage), forms=self.forms, now=now, finish=finish, cached=cached, begins=begins
        )

    @property
    def finished(self) -> Finished:
        """What can be exported of it."""
        from stagemill.execute.exporting import Finished  # noqa: PLC0415  few builds export their cache

        vertices, targets = tuple(walk(self.plan.goals)), (self.tree(self.plan.target),)
        return Finished(vertices, targets, self.cache, self.forms, self.steps_run)


def build(
    dockerfile: Dockerfile, request: Request, resolver: Resolver, *, services: Services, options: Options
) -> Built:
    """Makes the target's tree, and only what it needs. Raises StagemillError."""
    return build_each(dockerfile, (request,), resolver, services=services, options=options)[0]


def build_each(
    dockerfile: Dockerfile, requests: Sequence[Request], resolver: Resolver, *, services: Services, options: Options
) -> tuple[Built, ...]:
    """The same for several targets of one file: one graph, in which equal steps are one."""
    plans = plan_each(dockerfile, requests, resolver, services.remotes)
    goals = [vertex for planned in plans for vertex in (*planned.goals, *options.more(planned))]
    return carry_out(plans, goals, dockerfile=dockerfile, services=services, options=options)


def make_all(
    dockerfile: Dockerfile, request: Request, resolver: Resolver, *, services: Services, options: Options
) -> Built:
    """The same for one, and the results hold the tree of every stage that the target needs."""
    planned = plan(dockerfile, request, resolver, services.remotes)
    return carry_out((planned,), every_stage(planned), dockerfile=dockerfile, services=services, options=options)[0]


def every_stage(planned: Plan) -> list[Vertex]:
    """All that a target needs to the end, for `Options.more`, where it needs only files of some of them."""
    return [stage.vertex for stage in planned.stages]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Plans that were not carried out, and what would become of each vertex, by digest, inputs first."""

    plans: tuple[Plan, ...]
    outlooks: Mapping[Digest, Outlook]


def foresee(
    dockerfile: Dockerfile, requests: Sequence[Request], resolver: Resolver, *, services: Services, options: Options
) -> Foreseen:
    """What `build_each` would do. Nothing runs, and of images only what planning needs is fetched."""
    from stagemill.execute.looking import StoreLooker  # noqa: PLC0415  a build does not need them
    from stagemill.solve.forecast import forecast  # noqa: PLC0415

    plans = plan_each(dockerfile, requests, resolver, services.remotes)
    again = rerun.chosen(options.rerun, dockerfile, plans)
    outlooks = forecast(
        [vertex for planned in plans for vertex in planned.goals],
        cache=_cache(services, plans),
        looker=StoreLooker(StoreExecutor(services, Forms(services.store, remote=services.remote))),
        no_cache=lambda vertex: options.fresh(vertex.label.stage),
        again=lambda vertex: vertex.digest in again,
        order=plans[-1].order,
    )
    return Foreseen(plans, outlooks)


def carry_out(
    plans: Sequence[Plan], goals: Sequence[Vertex], *, dockerfile: Dockerfile, services: Services, options: Options
) -> tuple[Built, ...]:
    """Makes the trees of some vertices of these plans.

    What is found torn in the store has been thrown away, and so is made again at the second attempt.
    """
    options.approve(plans)
    again = rerun.chosen(options.rerun, dockerfile, plans)
    if services.pauser:
        again |= services.pauser.stops(dockerfile, plans)
    for notice in dict.fromkeys(notice for planned in plans for notice in _notices(planned, services.clock())):
        services.listener(events.Notice(notice, services.clock()))

    work = _Work(plans, goals, services, options, again)
    # Each import may turn out to be lost only when its layers are wanted.
    for _ in range(1 + (services.imports.count if services.imports else 0)):
        try:
            return work.attempt()
        except StagemillError as error:
            if not isinstance(error, CorruptError) and not isinstance(error.__cause__, CorruptError):
                raise
            services.listener(events.Notice(f"{error.message}; building again", services.clock()))
            work = replace(work, doubting=True)
    return work.attempt()


def _notices(planned: Plan, now: float) -> Iterator[str]:
    """What is to be said of a plan, and stops nothing."""
    yield from planned.notices
    of_all = too_deep(planned.target.image), ahead(planned.epoch, planned.times, now)
    yield from (notice for notice in of_all if notice)


@dataclass(frozen=True, slots=True)
class _Work:
    """Plans, the vertices of them that are wanted, and how they are made. With `doubting` something was found torn."""

    plans: Sequence[Plan]
    goals: Sequence[Vertex]
    services: Services
    options: Options
    again: frozenset[Digest]
    doubting: bool = False

    def attempt(self) -> tuple[Built, ...]:
        services = self.services
        forms = Forms(services.store, remote=services.remote, imports=services.imports, linking=not self.doubting)
        cache = _cache(services, self.plans)
        tally = Tally(services.listener)
        with self._overlap(forms) as overlap:
            results = _solved(
                self.goals,
                self.plans,
                forms,
                services=replace(services, listener=tally),
                options=self.options,
                again=self.again,
                cache=cache,
                have=overlap.have,
            )
        used = self._settle(cache, results, forms) if isinstance(cache, Chain) else 0
        return tuple(
            Built(
                planned,
                results,
                forms,
                services,
                planned.epoch,
                cache,
                used=used,
                steps_run=tally.ran,
                inline=self.options.inline,
            )
            for planned in self.plans
        )

    def _overlap(self, forms: Forms) -> Overlap:
        """Ships layers of each target while it is built; a target has a plan for each of its platforms."""
        found: dict[Digest, list[Shipment]] = {}
        for number, planned in enumerate(self.plans):
            target = number * len(self.options.shipments) // len(self.plans)
            for shipment in self.options.shipments[target : target + 1]:
                for vertex in way(planned.target.vertex):
                    found.setdefault(vertex.digest, []).extend(shipment)
        return Overlap(forms, self.services, found)

    def _settle(self, cache: Chain[Result], results: Mapping[Digest, Result], forms: Forms) -> int:
        """Brings what is wanted of imports, and remembers it."""
        from stagemill.execute import borrowed  # noqa: PLC0415  only imports need it

        services = self.services
        assert services.imports is not None
        if self.options.bring:
            vertices = [each for planned in self.plans for each in (planned.target.vertex, *self.options.more(planned))]
            trees = [results.get(vertex.digest) for vertex in vertices]
            wanted = [tree for tree in trees if isinstance(tree, Tree)]
            borrowed.bring(wanted, forms, listener=services.listener, clock=services.clock)
        return borrowed.adopt(walk(self.goals), cache, _own_cache(services, self.plans), services.imports)


def make_tree(vertex: Vertex, *, services: Services) -> FileView:
    """The files of something that no Dockerfile has a part in: a remote context. Raises StagemillError."""
    forms = Forms(services.store, remote=services.remote)
    results = _solved((vertex,), (), forms, services=services, options=Options())
    result = results[vertex.digest]
    assert isinstance(result, Tree)
    return forms.view(result)


def _own_cache(services: Services, plans: Sequence[Plan]) -> StoreCache:
    contents = plans[0].contents if plans else {}
    return StoreCache(services.store, clock=services.clock, contents=contents)


def _cache(services: Services, plans: Sequence[Plan]) -> Cache[Result]:
    own = _own_cache(services, plans)
    if services.imports is None:
        return own
    from stagemill.execute.borrowed import ImportedSteps  # noqa: PLC0415  as above

    return Chain(own, [ImportedSteps(services.imports, services.store)])


def _solved(
    goals: Sequence[Vertex],
    plans: Sequence[Plan],
    forms: Forms,
    *,
    services: Services,
    options: Options,
    again: frozenset[Digest] = frozenset(),
    cache: Cache[Result] | None = None,
    have: Callable[[Vertex, Result], None] = lambda _vertex, _result: None,
) -> Mapping[Digest, Result]:
    cache = cache or _own_cache(services, plans)
    try:
        return solve(
            goals,
            executor=StoreExecutor(services, forms),
            cache=cache,
            listener=timed(named_only(services.listener), services.store.durations),
            clock=services.clock,
            workers=options.workers,
            no_cache=lambda vertex: options.fresh(vertex.label.stage),
            again=lambda vertex: vertex.digest in again,
            order=plans[-1].order if plans else None,
            have=have,
        )
    except DockerfileError as error:
        if not plans or not isinstance(error.__cause__, MissingSourceError):
            raise
        from stagemill.execute.elsewhere import explained  # noqa: PLC0415  only errors need it

        places = _places(plans, cache, forms=forms, services=services)
        raise explained(error, places, skipped=plans[0].skipped) from error.__cause__


def _places(
    plans: Sequence[Plan], cache: Cache[Result], *, forms: Forms, services: Services
) -> Iterator[tuple[str, FileView]]:
    """The trees of stages that were made, and the context, each with how a COPY names it."""
    stages = {stage.vertex.digest: stage for planned in plans for stage in planned.stages}
    for stage in stages.values():
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
