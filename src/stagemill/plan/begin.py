"""How a stage begins: from an image, from a stage above it, or from nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from stagemill.context.named import NamedContext
from stagemill.dockerfile.tree import Add, Copy, Run, Workdir
from stagemill.files.paths import clean
from stagemill.graph import operations
from stagemill.graph.vertex import Label, Vertex
from stagemill.oci.config import DEFAULT_PATH, History, ImageConfig, RunConfig
from stagemill.oci.platform import Platform
from stagemill.plan import contexts
from stagemill.plan.outline import Line, Outline, StageText
from stagemill.plan.resolver import Base
from stagemill.plan.scope import Scope
from stagemill.plan.state import Numbering, State

if TYPE_CHECKING:
    from stagemill.plan.planner import Stage

_KEPT_TO_RUN = ("ArgsEscaped",)


def inherited(origin: Stage | None, base: Base | None, platform: Platform) -> ImageConfig:
    """The config that a stage begins with: of the stage above, of the image, or that of nothing, for a platform."""
    if origin:
        return from_stage(origin.image)
    return from_image(base.config) if base else from_nothing(platform)


def state(
    text: StageText,
    body: Sequence[Line],
    image: ImageConfig,
    outline: Outline,
    *,
    origin: Stage | None,
    base: Base | None,
) -> State:
    """A stage before its first instruction."""
    site = outline.site
    start = outline.start(text)
    context = start if isinstance(start, NamedContext) else None
    runs_on = _platform(text, outline, origin=origin, base=base)
    own = int(origin is None and (base or context) is not None)
    steps = sum(isinstance(node, Run | Copy | Add | Workdir) for node, _ in body)
    shown = runs_on if site.request.several else None
    numbering = Numbering(text.title, own + steps, alone=len(outline.stages) == 1, platform=shown)
    scope = (origin.scope if origin else Scope()).begun(image.config.env)
    at = site.source.excerpt(text.start.span)
    if origin:
        vertex = origin.vertex
    elif base and context:
        vertex = base_vertex(base, Label(f"[context {context.name}] {base.reference}", text.title, at))
    elif base:
        vertex = base_vertex(base, Label(f"{numbering.prefix(1)} FROM {base.reference}", text.title, at))
    else:
        vertex = contexts.scratch()
    begun = State(vertex, image.config, scope, numbering, number=own, platform=runs_on, outer=outline.globals)
    if base or context is None:
        return begun
    return contexts.begun(begun, context, site=site, at=site.source.excerpt(text.start.image.span))


def _platform(text: StageText, outline: Outline, *, origin: Stage | None, base: Base | None) -> Platform:
    """What a stage's processes run on: that of the stage or the image that it begins from, else the target's."""
    if origin:
        return origin.platform
    if base and base.config.platform.architecture:
        return base.config.platform
    wanted = outline.site.request.platform
    return (outline.platform(text) or wanted) if base else wanted


def base_vertex(base: Base, label: Label) -> Vertex:
    """The layers of an image."""
    op = operations.BaseImage(base.manifest, str(base.config.platform), base.reference)
    return Vertex(op, (), label)


def from_image(image: ImageConfig) -> ImageConfig:
    """The config of a stage that begins from an image.

    Its processes find their programs even where the image has no PATH, and its triggers are gone. What others keep in a
    config of their own, such as a cache, is about that image and not about one made from it. Every layer has its entry
    in the history.
    """
    config = image.config
    env = config.env if any(name == "PATH" for name, _ in config.env) else (*config.env, *_path(image.platform))
    folder = f"/{clean(config.working_dir)}" if config.working_dir else ""
    kept = {name: value for name, value in config.other.items() if name in _KEPT_TO_RUN}
    return replace(
        image,
        config=replace(config, env=env, working_dir=folder, on_build=(), other=kept),
        history=_complete(image.history, len(image.diff_ids)),
        created="",
        other={},
    )


def from_stage(image: ImageConfig) -> ImageConfig:
    """The config of a stage that begins from another, without its triggers."""
    return replace(image, config=replace(image.config, on_build=()))


def from_nothing(platform: Platform) -> ImageConfig:
    return ImageConfig(platform, RunConfig(env=_path(platform), working_dir="/"))


def _path(platform: Platform) -> tuple[tuple[str, str], ...]:
    """Windows has its own."""
    return () if platform.os == "windows" else (("PATH", DEFAULT_PATH),)


def _complete(history: tuple[History, ...], layers: int) -> tuple[History, ...]:
    """With as many entries that have a layer as there are layers: tools that read the history count on it."""
    found: list[History] = []
    count = 0
    for entry in history:
        empty = entry.empty_layer or count == layers
        count += not empty
        found.append(replace(entry, empty_layer=empty))
    return (*found, *[History(comment="the history of this layer is not known")] * (layers - count))
