"""How a stage begins: from an image, from a stage above it, or from nothing."""

from __future__ import annotations

from dataclasses import replace

from stagemill.files.paths import clean
from stagemill.oci.config import DEFAULT_PATH, History, ImageConfig, RunConfig
from stagemill.oci.platform import Platform

_KEPT = ("os.features",)
_KEPT_TO_RUN = ("ArgsEscaped",)


def from_image(image: ImageConfig) -> ImageConfig:
    """The config of a stage that begins from an image.

    Its processes find their programs even where the image has no PATH, and its triggers are gone. What others keep in a
    config of their own, such as a cache, is about that image and not about one made from it. Every layer has its entry
    in the history.
    """
    config = image.config
    env = config.env if any(name == "PATH" for name, _ in config.env) else (*config.env, ("PATH", DEFAULT_PATH))
    folder = f"/{clean(config.working_dir)}" if config.working_dir else ""
    kept = {name: value for name, value in config.other.items() if name in _KEPT_TO_RUN}
    return replace(
        image,
        config=replace(config, env=env, working_dir=folder, on_build=(), other=kept),
        history=_complete(image.history, len(image.diff_ids)),
        created="",
        other={name: value for name, value in image.other.items() if name in _KEPT},
    )


def from_stage(image: ImageConfig) -> ImageConfig:
    """The config of a stage that begins from another, without its triggers."""
    return replace(image, config=replace(image.config, on_build=()))


def from_nothing(platform: Platform) -> ImageConfig:
    return ImageConfig(platform, RunConfig(env=(("PATH", DEFAULT_PATH),), working_dir="/"))


def _complete(history: tuple[History, ...], layers: int) -> tuple[History, ...]:
    """With as many entries that have a layer as there are layers: tools that read the history count on it."""
    found: list[History] = []
    count = 0
    for entry in history:
        empty = entry.empty_layer or count == layers
        count += not empty
        found.append(replace(entry, empty_layer=empty))
    return (*found, *[History(comment="the history of this layer is not known")] * (layers - count))
