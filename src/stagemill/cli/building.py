"""`BuildFlags`, a build's command line when it is checked, and `building`, which carries it out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from stagemill.build import Built, Options, build, build_each, make_all
from stagemill.cli import flags, secrets, targets
from stagemill.cli.environment import Workplace
from stagemill.cli.options import Values
from stagemill.cli.source import Inputs
from stagemill.cli.targets import Target
from stagemill.dockerfile.tree import Dockerfile
from stagemill.events import Listener
from stagemill.execute.resolving import ImageResolver
from stagemill.execute.services import Services
from stagemill.oci.platform import Platform
from stagemill.plan.request import Request


@dataclass(frozen=True, slots=True)
class BuildFlags:
    """What to build and how. `host_ca` is None, `auto` or a path; `epoch` is SOURCE_DATE_EPOCH in seconds."""

    context: str
    file: str | None
    targets: tuple[Target, ...]
    also: tuple[str, ...]
    all_stages: bool
    build_args: Mapping[str, str]
    labels: Mapping[str, str]
    extra_hosts: tuple[str, ...]
    network: Literal["default", "host", "none"]
    platform: Platform
    no_cache: bool
    no_cache_filter: tuple[str, ...]
    rerun: tuple[str, ...]
    pull: bool
    host_ca: str | None
    progress: str
    epoch: int | None
    secrets: Mapping[str, bytes] = field(repr=False)
    agents: Mapping[str, Path]
    allow: frozenset[str]

    @classmethod
    def of(cls, values: Values, environment: Mapping[str, str]) -> BuildFlags:
        """Raises UsageError for a value that is none, StagemillError for what there is not yet."""
        given = flags.build_args(values.texts("build_arg"), environment)
        if "SOURCE_DATE_EPOCH" in environment:
            given.setdefault("SOURCE_DATE_EPOCH", environment["SOURCE_DATE_EPOCH"])
        return cls(
            context=values.text("context") or ".",
            file=values.text("file"),
            targets=_targets(values),
            also=_names(values.texts("also")) if "also" in values.given else (),
            all_stages="all_stages" in values.given and values.flag("all_stages"),
            build_args=given,
            labels=flags.labels(values.texts("label")) if "label" in values.given else {},
            extra_hosts=flags.extra_hosts(values.texts("add_host")),
            network=flags.network(values.text("network")),
            platform=flags.platform(values.text("platform") or environment.get("DOCKER_DEFAULT_PLATFORM")),
            no_cache=values.flag("no_cache"),
            no_cache_filter=flags.stage_names(values.texts("no_cache_filter")),
            rerun=_names(values.texts("rerun")),
            pull=values.flag("pull"),
            host_ca=values.text("host_ca"),
            progress=values.text("progress") or environment.get("BUILDKIT_PROGRESS") or "auto",
            epoch=flags.epoch(given.get("SOURCE_DATE_EPOCH")),
            secrets=secrets.secrets(values.texts("secret"), environment),
            agents=secrets.agents(values.texts("ssh"), environment),
            allow=secrets.allowed(values.texts("allow")),
        )


def _targets(values: Values) -> tuple[Target, ...]:
    """Some commands take several with names, the others one stage."""
    if isinstance(values.given["target"], tuple):
        return targets.parse(values.texts("target"))
    return (Target(values.text("target") or ""),)


def _names(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(name.strip() for text in texts for name in text.split(",") if name.strip())


@dataclass(frozen=True, slots=True)
class Job:
    """A build that is ready to be planned: a request for each target, and what it works with."""

    dockerfile: Dockerfile
    requests: tuple[Request, ...]
    resolver: ImageResolver
    services: Services
    options: Options


@contextmanager
def prepared(given: BuildFlags, inputs: Inputs, *, place: Workplace, listener: Listener) -> Iterator[Job]:
    """What a build works with ends with the block."""
    contexts = {"context": inputs.context.view} if inputs.context else {}
    with place.services(
        listener=listener,
        host_ca=given.host_ca,
        contexts=contexts,
        secrets=given.secrets,
        agents=given.agents,
    ) as services:
        first = Request(
            platform=given.platform,
            build_args=given.build_args,
            target=given.targets[0].stage,
            labels=given.labels,
            network=given.network,
            extra_hosts=given.extra_hosts,
            context=inputs.context,
            epoch=given.epoch,
            allow=given.allow,
            also=given.also,
            all_stages=given.all_stages,
        )
        others = [replace(first, target=other.stage, also=(), all_stages=False) for other in given.targets[1:]]
        resolver = ImageResolver(
            place.store, remote=lambda: place.registry, listener=listener, clock=time.time, pull=given.pull
        )
        options = Options(fresh=_fresh(given), rerun=given.rerun)
        yield Job(inputs.dockerfile, (first, *others), resolver, services, options)


@contextmanager
def building(
    given: BuildFlags, inputs: Inputs, *, place: Workplace, listener: Listener, every_stage: bool = False
) -> Iterator[Built]:
    """The build of one target, carried out; what it works with ends with the block.

    With `every_stage` each stage that the target needs has its tree in the results, not only the target.
    """
    make = make_all if every_stage else build
    with prepared(given, inputs, place=place, listener=listener) as job:
        yield make(job.dockerfile, job.requests[0], job.resolver, services=job.services, options=job.options)


@contextmanager
def building_each(
    given: BuildFlags, inputs: Inputs, *, place: Workplace, listener: Listener
) -> Iterator[tuple[Built, ...]]:
    """The same for every target."""
    with prepared(given, inputs, place=place, listener=listener) as job:
        yield build_each(job.dockerfile, job.requests, job.resolver, services=job.services, options=job.options)


def _fresh(given: BuildFlags) -> Callable[[str], bool]:
    """Which stages are made again, by their title."""
    if given.no_cache:
        return lambda _stage: True
    names = set(given.no_cache_filter)
    return lambda stage: stage in names
