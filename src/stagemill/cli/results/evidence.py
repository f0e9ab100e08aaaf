"""What a command line knows of itself, as statements have it. Source: buildx, build/opt.go; BuildKit, docs/attestations."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from stagemill.cli.making.building import BuildFlags
from stagemill.cli.making.source import Inputs
from stagemill.cli.results.witness import Account
from stagemill.context.named import Directory, Empty, NamedContext, NamedImage, OtherStage
from stagemill.context.named import Remote as NamedRemote
from stagemill.graph.vertex import walk
from stagemill.location import Location

if TYPE_CHECKING:
    from stagemill.attest.materials import Material
    from stagemill.plan.resolver import Resolver

_DOCKERFILE = "Dockerfile"
_MASK = "xxxxx:xxxxx@"
_LAYOUT = "oci-layout://"


def account(
    build: BuildFlags,
    inputs: Inputs,
    environment: Mapping[str, str],
    *,
    started: float,
    resolver: Callable[[], Resolver],
) -> Account:
    """`started` is when the command began, in seconds since 1970."""
    import uuid

    from stagemill import __version__
    from stagemill.attest.provenance import Asked, Invocation
    from stagemill.attest.steps import Text

    dockerfile, context = inputs.dockerfile, inputs.context
    location = context.location if context else None
    origin = context.made_of if context else None
    elsewhere = location is not None and not (build.file and os.path.isabs(build.file))
    name = (build.file or _DOCKERFILE) if elsewhere else os.path.basename(dockerfile.source.name) or _DOCKERFILE
    ends = {node.span.line: node.span.end_line for node in dockerfile.instructions}
    asked = Asked(
        args=dict(_args(build)),
        path=name,
        context=masked(location) if location else "",
        material=_material(origin) if origin else None,
        local=not elsewhere,
        vcs=_vcs(build, environment) if location is None else {},
    )
    text = Text(name, dockerfile.source.name, dockerfile.source.text, ends)
    return Account(build.attest, asked, text, Invocation(uuid.uuid4().hex, started, 0.0, __version__), resolver, origin)


def _args(build: BuildFlags) -> Iterator[tuple[str, str]]:
    """What BuildKit's frontend would be given, without what depends on the machine alone."""
    yield from ((f"build-arg:{name}", value) for name, value in build.build_args.items())
    yield from ((f"label:{name}", value) for name, value in build.labels.items())
    yield from ((f"context:{context.name}", _named(context)) for context in build.contexts.by_name.values())
    if build.no_cache or build.no_cache_filter:
        yield "no-cache", ",".join(build.no_cache_filter)
    if build.network != "default":
        yield "force-network-mode", build.network
    if build.extra_hosts:
        pairs = (line.split("\t") for line in build.extra_hosts)
        yield "add-hosts", ",".join(f"{name}={address}" for address, name in pairs)


def _named(context: NamedContext) -> str:
    """Where a named context comes from; of this machine only its own name."""
    match context.source:
        case Directory():
            return f"local:{context.name}"
        case NamedImage(reference) if reference.startswith(_LAYOUT):
            return _LAYOUT + os.path.basename(reference.removeprefix(_LAYOUT).rstrip("/"))
        case NamedImage(reference):
            return f"docker-image://{reference}"
        case Empty():
            return "docker-image://scratch"
        case OtherStage(stage):
            return f"target:{stage}"
        case NamedRemote(location):
            return masked(location)


def masked(location: Location) -> str:
    """The URL; of a login only that there was one."""
    text = str(location)
    scheme, separator, rest = text.partition("://")
    return f"{scheme}{separator}{_MASK}{rest}" if location.login and separator else text


def _material(origin: object) -> Material | None:
    from stagemill.attest.materials import Ingredients
    from stagemill.graph.vertex import Vertex

    assert isinstance(origin, Vertex)
    return next(iter(Ingredients.of(list(walk([origin]))).materials), None)


def _vcs(build: BuildFlags, environment: Mapping[str, str]) -> dict[str, str]:
    from stagemill.cli.given.git_labels import repository_facts

    return repository_facts(build.context, environment)
