"""From a stage and its tree to an image: the layers are packed, and the config gets their diff_ids and times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from stagemill.execute import base
from stagemill.execute.forms import Forms
from stagemill.execute.tree import Tree, TreeLayer, timestamp
from stagemill.oci.config import History, ImageConfig
from stagemill.oci.image import Image
from stagemill.store.links import Packed


def assemble(config: ImageConfig, tree: Tree, *, forms: Forms, now: float, epoch: int | None) -> Image:
    """The image of a tree. `config` has the base's history with its times, and the stage's without.

    Entries of history take the time of their layer, so that a build from the cache gives the same image again. With
    `epoch` (SOURCE_DATE_EPOCH, in seconds) newer and missing times are that one (traps 24). Manifest, config and the
    link from chains to layers are in the store afterwards.
    """
    packed = forms.all_packed(tree)
    history = dated(config.history, tree, fallback=timestamp(now), epoch=epoch)
    created = history[-1].created if history else timestamp(now if epoch is None else epoch)
    image = Image.build(
        replace(config, diff_ids=tuple(facts.diff_id for facts in packed), history=history, created=created),
        tuple(facts.descriptor for facts in packed),
    )
    _remember(image, tree, packed, forms=forms)
    return image


def _remember(image: Image, tree: Tree, packed: Sequence[Packed], *, forms: Forms) -> None:
    store = forms.store
    base.remember(store, image, reference="")
    for chain, layer, _ in zip(image.chain_ids, tree.layers, packed, strict=True):
        if layer.form == "layer" and store.links.layer_of_chain(chain) is None:
            store.links.set_layer_of_chain(chain, layer.digest)


def dated(history: Sequence[History], tree: Tree, *, fallback: str, epoch: int | None) -> tuple[History, ...]:
    """The history with the times of the layers; those that a base's history has are kept, even newer than `epoch`.

    An entry without a layer has the time of the one before it; before the first new layer it has that layer's. With
    `epoch` every time that was missing is that one. Source: BuildKit, exporter/containerimage/writer.go.
    """
    if epoch is not None:
        limit = datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return tuple(entry if entry.created else replace(entry, created=limit) for entry in history)
    layers = iter(tree.layers)
    times = ["" if entry.empty_layer else _time(next(layers, None)) for entry in history]
    new = (time for entry, time in zip(history, times, strict=True) if time and not entry.created)
    old = (entry.created for entry in reversed(history) if entry.created)
    last = next(new, "") or next(old, fallback)
    found: list[History] = []
    for entry, time in zip(history, times, strict=True):
        if not entry.created:
            last = time or last
        found.append(replace(entry, created=entry.created or last))
    return tuple(found)


def _time(layer: TreeLayer | None) -> str:
    return layer.created if layer else ""
