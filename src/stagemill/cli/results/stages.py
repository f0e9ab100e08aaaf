"""`--save-stages`: the images of the stages below a target are kept too. Source: buildah-build(1), which gives no names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from stagemill import events
from stagemill.build import Built
from stagemill.cli.results.targets import Target
from stagemill.errors import UsageError
from stagemill.execute import base
from stagemill.oci.config import ImageConfig
from stagemill.oci.image_index import ImageIndex
from stagemill.oci.reference import Reference

_LONGEST_TAG = 128


def check(targets: Sequence[Target], names: Sequence[str]) -> None:
    """Raises UsageError where nothing says how the stages could be called."""
    if not names and not any(target.names for target in targets):
        hint = "with -t app the stage builder becomes app:builder"
        raise UsageError("--save-stages names the stages after the image, which has no name", hint=hint)


def save(
    builds: Sequence[Built],
    names: Sequence[Sequence[str]],
    *,
    labels: Mapping[str, str],
    index: bool,
    listener: events.Listener,
) -> None:
    """Keeps the image of each stage but the targets, with these labels; with `index` one of several platforms.

    `names` are those of each target, in full; `builds` are those of each target, one for each platform.
    """
    kept = {built.plan.target.index for built in builds}
    count = len(builds) // len(names)
    for number, own in enumerate(names):
        group = builds[number * count : (number + 1) * count] if own else ()
        titles = {stage.index: stage.title for built in group for stage in built.plan.stages}
        for place, title in sorted(titles.items()):
            if place not in kept:
                kept.add(place)
                _keep(group, place, _named(Reference.parse(own[0]), title), labels=labels, index=index)
                text = f"the stage {title} is kept as {_named(Reference.parse(own[0]), title).familiar}"
                listener(events.Notice(text, group[0].services.clock()))


def _keep(builds: Sequence[Built], place: int, name: Reference, *, labels: Mapping[str, str], index: bool) -> None:
    images = [
        built.image(stage=replace(stage, image=_labelled(stage.image, labels)))
        for built in builds
        for stage in built.plan.stages
        if stage.index == place
    ]
    item = ImageIndex.build(images) if index else images[0]
    services = builds[0].services
    base.remember_all(services.store, item, reference="")
    services.store.images.set(str(name), item.descriptor, services.clock())


def _named(target: Reference, stage: str) -> Reference:
    tag = stage if target.tag in {"", "latest"} else f"{target.tag}-{stage}"
    return replace(target, tag=tag[:_LONGEST_TAG], digest=None)


def _labelled(image: ImageConfig, labels: Mapping[str, str]) -> ImageConfig:
    return replace(image, config=replace(image.config, labels={**image.config.labels, **labels}))
