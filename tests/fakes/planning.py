"""Planning a text in one call, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import pytest

from fakes.images import FakeImages
from fakes.tree import MemoryTree
from stagemill.context.named import NamedContexts
from stagemill.digest import Digest
from stagemill.dockerfile.parser import parse
from stagemill.errors import DockerfileError
from stagemill.files.view import FileView
from stagemill.graph.operations import Network
from stagemill.graph.vertex import walk
from stagemill.location import Location
from stagemill.oci.config import RunConfig
from stagemill.oci.platform import Platform
from stagemill.plan.planner import Plan, plan, plan_each
from stagemill.plan.request import Devices, EveryRun, FileContext, Request, Times
from stagemill.plan.resolver import NOWHERE, Sources

T = TypeVar("T")


def planned(
    text: str,
    *,
    images: FakeImages | None = None,
    target: str = "",
    build_args: Mapping[str, str] | None = None,
    context: FileView | None = None,
    labels: Mapping[str, str] | None = None,
    network: Network = "default",
    extra_hosts: tuple[str, ...] = (),
    allow: frozenset[str] = frozenset(),
    every_run: EveryRun | None = None,
    devices: Devices | None = None,
    sources: Sources = NOWHERE,
    location: Location | None = None,
    contexts: Mapping[str, str] | None = None,
    directories: Mapping[str, FileView] | None = None,
    also: tuple[str, ...] = (),
    all_stages: bool = False,
    platform: Platform | None = None,
    implicit: bool = False,
    times: Times = "kept",
) -> Plan:
    """The plan of a Dockerfile; `busybox` is the image that there is, unless the test brings its own.

    `location` is where the context came from; `contexts` are values of `--build-context` by name, `directories` the files of more of them.
    """
    files = {name: FileContext(view, f"the context {name}", name=name) for name, view in (directories or {}).items()}
    named = NamedContexts.parse(
        f"{name}={value}" for name, value in {**dict.fromkeys(files, "/"), **(contexts or {})}.items()
    )
    request = Request(
        platform=platform or Platform.local(),
        build_args=build_args or {},
        target=target,
        labels=labels or {},
        network=network,
        extra_hosts=extra_hosts,
        context=FileContext(context or MemoryTree({}), location=location) if context or location else None,
        allow=allow,
        every_run=every_run or EveryRun(),
        devices=devices,
        contexts=named,
        directories=files,
        also=also,
        all_stages=all_stages,
        implicit=implicit,
        times=times,
    )
    return plan(parse(text), request, images or FakeImages(busybox=RunConfig()), sources)


def planned_each(text: str, *targets: str, images: FakeImages | None = None) -> tuple[Plan, ...]:
    """The plans of several targets."""
    requests = [Request(platform=Platform.local(), target=target) for target in targets]
    return plan_each(parse(text), requests, images or FakeImages(busybox=RunConfig()))


def planned_for(text: str, *platforms: Platform, images: FakeImages | None = None) -> tuple[Plan, ...]:
    """The plans of one target for several platforms."""
    requests = [Request(platform=platform, several=True) for platform in platforms]
    return plan_each(parse(text), requests, images or FakeImages(busybox=RunConfig()))


def operations(found: Plan, kind: type[T]) -> list[T]:
    """The operations of one kind that the target needs, inputs first."""
    return [vertex.op for vertex in walk([found.target.vertex]) if isinstance(vertex.op, kind)]


def config(text: str, **request: Any) -> RunConfig:
    """The config of the target."""
    return planned(text, **request).target.image.config


def history(text: str, **request: Any) -> list[str]:
    """What the target's history says of each instruction, that of the base first."""
    return [entry.created_by for entry in planned(text, **request).target.image.history]


def key(text: str, **request: Any) -> Digest:
    """The digest that the target is cached under."""
    return planned(text, **request).target.vertex.digest


def refused(text: str, **request: Any) -> DockerfileError:
    """The error that a Dockerfile cannot be planned for."""
    with pytest.raises(DockerfileError) as caught:
        planned(text, **request)
    return caught.value


def marked(error: DockerfileError) -> str:
    """`file:line:` and the characters that an error underlines."""
    assert error.at is not None
    start = error.at.column - 1
    return f"{error.at}: {error.at.text[start : start + error.at.length]}"
