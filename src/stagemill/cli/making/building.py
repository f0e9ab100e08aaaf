"""`BuildFlags`, a build's command line when it is checked, and `building`, which carries it out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field, replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from stagemill.attest.wanted import Wanted, place
from stagemill.build import DEFAULT_WORKERS, Built, Options, build, build_each, every_stage, make_all
from stagemill.cli.frame.access import Access
from stagemill.cli.frame.environment import Workplace
from stagemill.cli.frame.values import Values
from stagemill.cli.given import flags, secrets
from stagemill.cli.given.dates import Dates
from stagemill.cli.given.every_run import Surroundings, beyond
from stagemill.cli.given.platforms import WantedPlatforms
from stagemill.cli.given.policies import Policies
from stagemill.cli.given.secrets import Ssh
from stagemill.cli.making.caches import Caches
from stagemill.cli.making.directories import Directories
from stagemill.cli.making.remote import Remote
from stagemill.cli.making.source import Inputs, Read, open_inputs
from stagemill.cli.making.warnings import Checks
from stagemill.cli.results import targets
from stagemill.cli.results.targets import Target
from stagemill.context.named import NamedContexts
from stagemill.dockerfile import syntax
from stagemill.dockerfile.parser import parse
from stagemill.dockerfile.tree import Dockerfile
from stagemill.errors import UsageError
from stagemill.events import Listener, Notice
from stagemill.execute.overlap import Shipment
from stagemill.execute.resolving import ImageResolver
from stagemill.execute.services import Services
from stagemill.plan import every_platform
from stagemill.plan.effect import unknown_stages
from stagemill.plan.request import Devices, FileContext, Request
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.cli.locking.place import LockFlag
    from stagemill.graph.vertex import Vertex
    from stagemill.plan.planner import Plan
    from stagemill.sources.rego import Rego

_KEEP_GIT_DIR = "BUILDKIT_CONTEXT_KEEP_GIT_DIR"
_NO_DIRECTORIES: Mapping[str, FileContext] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class BuildFlags:
    """What to build and how. `host_ca` is None, `auto` or a path.

    Every target is built for each of the `platforms`.
    """

    context: str
    file: str | None
    targets: tuple[Target, ...]
    also: tuple[str, ...]
    all_stages: bool
    build_args: Mapping[str, str]
    labels: Mapping[str, str]
    extra_hosts: tuple[str, ...]
    network: Literal["default", "host", "none"]
    platforms: WantedPlatforms
    no_cache: bool
    no_cache_filter: tuple[str, ...]
    rerun: tuple[str, ...]
    pull: bool
    host_ca: str | None
    progress: str
    secrets: Mapping[str, bytes] = field(repr=False)
    ssh: Mapping[str, Ssh]
    allow: frozenset[str]
    contexts: NamedContexts
    surroundings: Surroundings = field(default_factory=Surroundings)
    jobs: int = 0
    debug: bool = False
    ignore_file: str | None = None
    access: Access = field(default_factory=Access)
    save_stages: bool = False
    every_stage: bool = False
    unset_env: frozenset[str] = frozenset()
    unset_labels: frozenset[str] = frozenset()
    attest: Wanted = field(default_factory=Wanted)
    policies: Policies = field(default_factory=Policies)
    dates: Dates = field(default_factory=Dates)
    locked: LockFlag | None = None

    @classmethod
    def of(cls, values: Values, environment: Mapping[str, str]) -> BuildFlags:
        """Raises UsageError for a value that is none, StagemillError for what there is not yet."""
        dates = Dates.of(values)
        written = flags.build_args(values.texts("build_arg"), environment)
        given = dates.added({**flags.build_arg_files(values.texts("build_arg_file")), **written}, environment)
        labels = flags.labels(values.texts("label")) if "label" in values.given else {}
        commit = values.text("git_labels") if "git_labels" in values.given else None
        if commit or environment.get("BUILDX_GIT_LABELS"):
            from stagemill.cli.given.git_labels import git_labels

            context = values.text("context") or "."
            labels = {**git_labels(context, values.text("file"), environment, given=commit), **labels}
        return cls(
            context=values.text("context") or ".",
            file=values.text("file"),
            targets=_targets(values),
            also=_names(values.texts("also")) if "also" in values.given else (),
            all_stages="all_stages" in values.given and values.flag("all_stages"),
            build_args=given,
            labels=labels,
            extra_hosts=flags.extra_hosts(values.texts("add_host")),
            network=flags.network(values.text("network")),
            platforms=WantedPlatforms.of(values, environment, given),
            no_cache=values.flag("no_cache"),
            no_cache_filter=flags.stage_names(values.texts("no_cache_filter")),
            rerun=_names(values.texts("rerun")),
            pull=values.flag("pull"),
            host_ca=values.text("host_ca"),
            progress=values.text("progress") or environment.get("BUILDKIT_PROGRESS") or "auto",
            secrets=secrets.secrets(values.texts("secret"), environment),
            ssh=secrets.agents(values.texts("ssh"), environment),
            allow=secrets.allowed(values.texts("allow"), network=values.text("network")),
            surroundings=Surroundings.of(values),
            jobs=values.number("jobs"),
            debug=values.flag("debug"),
            ignore_file=values.text("ignorefile"),
            save_stages=values.given.get("save_stages") is True,
            access=Access.of(values),
            unset_env=flags.names("--unsetenv", values.texts("unsetenv"))
            if "unsetenv" in values.given
            else frozenset(),
            unset_labels=flags.names("--unsetlabel", values.texts("unsetlabel"))
            if "unsetlabel" in values.given
            else frozenset(),
            contexts=NamedContexts.parse(values.texts("build_context")),
            attest=_attest(values, given),
            policies=Policies.of(values),
            dates=dates,
            locked=_locked(values),
        )

    def read(self, data: bytes, name: str) -> Dockerfile:
        """What a build reads of a Dockerfile's bytes. Raises StagemillError, also for another language than ours."""
        syntax.check(data, name, given=self.build_args.get(syntax.ARGUMENT))
        return parse(data, name)

    def request(
        self,
        context: FileContext | None,
        directories: Mapping[str, FileContext] = _NO_DIRECTORIES,
        *,
        devices: Devices | None = None,
    ) -> Request:
        return Request(
            platform=self.platforms.all[0],
            build_args=self.build_args,
            target=self.targets[0].stage,
            labels=self.labels,
            network=self.network,
            extra_hosts=self.extra_hosts,
            context=context,
            allow=self.allow,
            contexts=self.contexts,
            directories=directories,
            also=self.also,
            all_stages=self.all_stages,
            every_run=self.surroundings.every_run,
            devices=devices,
            unset_env=self.unset_env,
            unset_labels=self.unset_labels,
            implicit=self.platforms.implicit,
            several=self.platforms.index,
            times=self.dates.times,
            epoch=self.dates.reserve,
        )


@contextmanager
def reading(given: BuildFlags, *, place: Workplace, listener: Listener, read: Read | None = None) -> Iterator[Inputs]:
    """What is built, from wherever the command line says. Secrets and agents are for those who are asked for it."""
    place.access = given.access
    place.judges = _judges(given, listener)
    if given.locked:
        given.locked.hold(given, place, listener)
    services = partial(place.services, listener=listener, secrets=given.secrets, ssh=given.ssh)
    keep_git_dir = given.build_args.get(_KEEP_GIT_DIR, "").lower() in {"1", "t", "true"}
    remote = Remote(services, keep_git_dir, place.policy)
    with open_inputs(
        given.context,
        given.file,
        store=place.store,
        remote=remote,
        read=read or given.read,
        ignore_file=given.ignore_file,
    ) as inputs:
        yield inputs


def _judges(given: BuildFlags, listener: Listener) -> tuple[Rego, ...]:
    """The policies in Rego that the command line and the Dockerfile's directory have."""
    return given.policies.judges(
        given.context,
        given.file,
        build_args=given.build_args,
        labels=given.labels,
        target=given.targets[0].stage,
        say=lambda text: listener(Notice(text, time.time())),
    )


def _locked(values: Values) -> LockFlag | None:
    """What only builds that are held to a lock load."""
    if values.given.get("locked") is None:
        return None
    from stagemill.cli.locking.place import LockFlag

    return LockFlag.of(values)


def _targets(values: Values) -> tuple[Target, ...]:
    """Some commands take several with names, the others one stage."""
    if isinstance(values.given["target"], tuple):
        return targets.parse(values.texts("target"))
    return (Target(values.text("target") or ""),)


def _attest(values: Values, build_args: Mapping[str, str]) -> Wanted:
    """What only commands want that deliver something."""
    if "attest" not in values.given:
        return Wanted()
    provenance, sbom = values.text("provenance"), values.text("sbom")
    wanted = Wanted.parse(values.texts("attest"), provenance=provenance, sbom=sbom, build_args=build_args)
    lists, provenances = values.texts("sbom_output"), values.texts("provenance_output")
    return wanted.into(place=place(values.text("attest_as")), lists=lists, provenances=provenances)


def _names(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(name.strip() for text in texts for name in text.split(",") if name.strip())


@dataclass(frozen=True, slots=True)
class Job:
    """A build that is ready to be planned: a request for each target and platform, and what it works with."""

    dockerfile: Dockerfile
    requests: tuple[Request, ...]
    resolver: ImageResolver
    services: Services
    options: Options


@contextmanager
def prepared(
    given: BuildFlags,
    inputs: Inputs,
    *,
    place: Workplace,
    listener: Listener,
    checks: Checks | None = None,
    caches: Caches | None = None,
    bring: bool = True,
    shipments: Sequence[Sequence[Shipment]] = (),
) -> Iterator[Job]:
    """What a build works with ends with the block. `checks` see the plans before anything is made.

    With `bring` somebody wants the result itself, and not only that it can be made; `shipments` say for each target where
    its images will go.
    """
    caches = caches or Caches()
    views = {inputs.context.name: inputs.context.view} if inputs.context else {}
    with (
        place.services(
            listener=listener,
            host_ca=given.host_ca,
            contexts=views,
            secrets=given.secrets,
            ssh=given.ssh,
            surroundings=given.surroundings,
            imports=caches.imports(place, platforms=given.platforms.all, listener=listener),
        ) as services,
        Directories(given.contexts, views, store=place.store) as directories,
    ):
        first = given.request(inputs.context, directories, devices=services.host.devices)
        for text in _remarks(given, inputs, place):
            listener(Notice(text, services.clock()))
        resolver = image_resolver(given, place=place, listener=listener)
        approve: Callable[[Sequence[Plan]], None] = (checks or Checks(inputs, given.build_args)).approve
        if place.lock:
            approve = place.lock.approving(views, then=approve)
        options = Options(
            workers=given.jobs or DEFAULT_WORKERS,
            fresh=_fresh(given),
            approve=approve,
            rerun=given.rerun,
            more=_more(given),
            bring=bring,
            inline=caches.inline,
            shipments=shipments,
        )
        yield Job(inputs.dockerfile, _requests(given, inputs, first, resolver), resolver, services, options)


def _remarks(given: BuildFlags, inputs: Inputs, place: Workplace) -> Iterator[str]:
    """What is to be said of a command line before anything is planned."""
    yield from unknown_stages(inputs.dockerfile, "--no-cache-filter", given.no_cache_filter)
    yield from beyond(given.surroundings.every_run.ulimits)
    if given.debug:
        from stagemill.cli.making.circumstances import circumstances

        yield circumstances(place)


def _more(given: BuildFlags) -> Callable[[Plan], Sequence[Vertex]]:
    """What has to be made beside what the targets need: for lists, all that is looked through."""
    if given.save_stages or given.every_stage:
        return every_stage
    if given.attest.sbom is None:
        return lambda _plan: ()
    from stagemill.cli.results.witness import more

    return more(given.attest)


def _requests(given: BuildFlags, inputs: Inputs, first: Request, resolver: ImageResolver) -> tuple[Request, ...]:
    """One for each target and platform, of which the first is that of the first target."""
    others = [replace(first, target=other.stage, also=(), all_stages=False) for other in given.targets[1:]]
    platforms = given.platforms.all
    if given.platforms.every:
        platforms = every_platform.found(inputs.dockerfile, (first, *others), resolver)
    return tuple(replace(each, platform=platform) for each in (first, *others) for platform in platforms)


def image_resolver(given: BuildFlags, *, place: Workplace, listener: Listener) -> ImageResolver:
    """Finds images as the command line and the policy say."""
    return ImageResolver(
        place.store,
        remote=lambda: place.registry,
        listener=listener,
        clock=time.time,
        pull=given.pull,
        several=given.platforms.index,
        implicit=given.platforms.implicit,
        policy=place.policy,
        pins=place.pins,
        told=place.told,
    )


@contextmanager
def building(
    given: BuildFlags, inputs: Inputs, *, place: Workplace, listener: Listener, every_stage: bool = False
) -> Iterator[Built]:
    """The build of one target for one platform, carried out; what it works with ends with the block.

    With `every_stage` each stage that the target needs has its tree in the results, not only the target.
    """
    if given.platforms.every or len(given.platforms.all) > 1:
        raise UsageError("only one platform can be looked at", hint="write --platform OS/ARCH, or leave it out")
    make = make_all if every_stage else build
    with prepared(given, inputs, place=place, listener=listener) as job:
        yield make(job.dockerfile, job.requests[0], job.resolver, services=job.services, options=job.options)


@contextmanager
def building_each(
    given: BuildFlags,
    inputs: Inputs,
    *,
    place: Workplace,
    listener: Listener,
    checks: Checks,
    caches: Caches | None = None,
    bring: bool = True,
    shipments: Sequence[Sequence[Shipment]] = (),
) -> Iterator[tuple[Built, ...]]:
    """The same for every target, and for each of them every platform."""
    with prepared(
        given,
        inputs,
        place=place,
        listener=listener,
        checks=checks,
        caches=caches,
        bring=bring,
        shipments=shipments,
    ) as job:
        yield build_each(job.dockerfile, job.requests, job.resolver, services=job.services, options=job.options)


def _fresh(given: BuildFlags) -> Callable[[str], bool]:
    """Which stages are made again, by their title."""
    names = set(given.no_cache_filter)
    return lambda stage: given.no_cache or stage in names
