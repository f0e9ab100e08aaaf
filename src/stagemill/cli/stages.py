"""`--save-stages`: the images of the stages below a target are kept too. Source: buildah-build(1), which gives no names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from stagemill import events
from stagemill.build import Built
from stagemill.cli.targets import Target
from stagemill.errors import UsageError
from stagemill.oci.config import ImageConfig
from stagemill.oci.reference import Reference

_LONGEST_TAG = 128


def check(targets: Sequence[Target], names: Sequence[str]) -> None:
    """Raises UsageError where nothing says how the stages could be called."""
    if not names and not any(target.names for target in targets):
        hint = "with -t app the stage builder becomes app:builder"
        raise UsageError("--save-stages names the stages after the image, which has no name", hint=hint)


def save(
    builds: Sequence[Built], names: Sequence[Sequence[str]], *, labels: Mapping[str, str], listener: events.Listener
) -> None:
    """Keeps the image of each stage but the targets, with these labels; `names` are those of each target, in full."""
    kept = {built.plan.target.index for built in builds}
    for built, own in zip(builds, names, strict=True):
        for stage in built.plan.stages if own else ():
            if stage.index in kept:
                continue
            kept.add(stage.index)
            image = built.image(stage=replace(stage, image=_labelled(stage.image, labels)))
            now = built.services.clock()
            reference = _named(Reference.parse(own[0]), stage.title)
            built.services.store.images.set(str(reference), image.descriptor, now)
            listener(events.Notice(f"the stage {stage.title} is kept as {reference.familiar}", now))


def _named(target: Reference, stage: str) -> Reference:
    tag = stage if target.tag in {"", "latest"} else f"{target.tag}-{stage}"
    return replace(target, tag=tag[:_LONGEST_TAG], digest=None)


def _labelled(image: ImageConfig, labels: Mapping[str, str]) -> ImageConfig:
    return replace(image, config=replace(image.config, labels={**image.config.labels, **labels}))
