"""Planning a text in one call, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from fakes.images import FakeImages
from stagemill.dockerfile.parser import parse
from stagemill.files.view import FileView
from stagemill.graph.vertex import walk
from stagemill.oci.config import RunConfig
from stagemill.oci.platform import Platform
from stagemill.plan.planner import Plan, plan
from stagemill.plan.request import MainContext, Request

T = TypeVar("T")


def planned(
    text: str,
    *,
    images: FakeImages | None = None,
    target: str = "",
    build_args: Mapping[str, str] | None = None,
    context: FileView | None = None,
    labels: Mapping[str, str] | None = None,
) -> Plan:
    """The plan of a Dockerfile; `busybox` is the image that there is, unless the test brings its own."""
    request = Request(
        platform=Platform.local(),
        build_args=build_args or {},
        target=target,
        labels=labels or {},
        context=MainContext(context) if context else None,
    )
    return plan(parse(text), request, images or FakeImages(busybox=RunConfig()))


def operations(found: Plan, kind: type[T]) -> list[T]:
    """The operations of one kind that the target needs, inputs first."""
    return [vertex.op for vertex in walk([found.target.vertex]) if isinstance(vertex.op, kind)]
