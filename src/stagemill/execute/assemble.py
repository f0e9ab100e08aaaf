"""From a stage and its tree to an image: the layers are packed, and the config gets their diff_ids and times."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

from stagemill.cache.marks import BUILDKIT_INLINE, INLINE
from stagemill.digest import Digest
from stagemill.execute import base
from stagemill.execute.forms import Forms
from stagemill.execute.packaging import USUAL, Packaging
from stagemill.execute.tree import Tree, TreeLayer, timestamp
from stagemill.graph.vertex import Vertex
from stagemill.oci.config import History, ImageConfig
from stagemill.oci.image import Image
from stagemill.store.links import Packed
from stagemill.timings import measured
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.plan.request import Times

Pairs: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Finish:
    """How an image is made of a tree.

    With `epoch` (SOURCE_DATE_EPOCH, in seconds) the times of config and history that are missing are that one; `times` says
    what becomes of those of files in the tree's own layers. `squash` makes one layer of those; a base's layers
    are never touched. `annotations` are the manifest's, `descriptor` those of an index that names it; `packaging` is the
    form that its blobs have.
    """

    epoch: int | None = None
    times: Times = "kept"
    squash: bool = False
    annotations: Pairs = ()
    descriptor: Pairs = ()
    packaging: Packaging = USUAL

    @property
    def rewrites(self) -> bool:
        """Whether any time in a layer may change."""
        return self.times != "kept" and self.epoch is not None


PLAIN = Finish()
_CACHES = (INLINE, BUILDKIT_INLINE)  # of a base: what its own layers were made by is no business of this image


@measured("assemble")
def assemble(
    config: ImageConfig,
    tree: Tree,
    *,
    forms: Forms,
    now: float,
    finish: Finish = PLAIN,
    cached: Iterable[tuple[Vertex, Digest, Tree]] = (),
    begins: Image | None = None,
) -> Image:
    """The image of a tree. `config` has the base's history with its times, and the stage's without.

    `begins` is the base, whose layers are as that very image has them: others may have the same tars in other blobs.
    Entries of history take the time of their layer, so that a build from the cache gives the same image again. With
    an epoch missing times are that one (traps 24). Those steps of `cached` whose layers are in the image are an inline cache
    of it. Manifest, config and the link from chains to layers are in the store afterwards.
    """
    history, epoch = config.history, finish.epoch
    if finish.squash:
        from stagemill.execute.finish import squashed, squashed_history  # noqa: PLC0415  most images are not squashed

        tree, history = squashed(tree, forms=forms), squashed_history(history)
    packed = _packed(tree, finish, forms=forms)
    if not finish.packaging.force:
        packed = as_begun(tree, packed, begins)
    history = dated(history, tree, fallback=timestamp(now), epoch=epoch)
    created = history[-1].created if history else timestamp(now if epoch is None else epoch)
    config = replace(config, other={key: value for key, value in config.other.items() if key not in _CACHES})
    if cached:
        from stagemill.execute.exporting import inline  # noqa: PLC0415  few images carry a cache

        contents = inline(cached, dict(zip(tree.layers, packed, strict=True)), forms)
        config = replace(config, other={**config.other, INLINE: contents.to_json()})
    image = Image.build(
        replace(config, diff_ids=tuple(facts.diff_id for facts in packed), history=history, created=created),
        finish.packaging.named(packed),
        annotations=dict(finish.annotations),
        docker=finish.packaging.docker,
    )
    image = replace(image, annotations=finish.descriptor)
    _remember(image, tree, packed, forms=forms, rewritten=finish.rewrites)
    return image


def as_begun(tree: Tree, packed: list[Packed], begins: Image | None) -> list[Packed]:
    """The layers of a tree, those of its base in the blobs that the base itself has."""
    if begins is None:
        return packed
    blobs = dict(zip(begins.chain_ids, begins.manifest.layers, strict=True))
    return [
        replace(facts, descriptor=blobs.get(layer.digest, facts.descriptor)) if layer.form == "chain" else facts
        for layer, facts in zip(tree.layers, packed, strict=True)
    ]


def _packed(tree: Tree, finish: Finish, *, forms: Forms) -> list[Packed]:
    if not finish.rewrites:
        return finish.packaging.layers(tree, forms)
    from stagemill.execute.finish import clamped  # noqa: PLC0415  as above

    assert finish.epoch is not None
    return clamped(tree, finish.epoch, forms=forms, times=finish.times, packaging=finish.packaging)


def _remember(image: Image, tree: Tree, packed: Sequence[Packed], *, forms: Forms, rewritten: bool) -> None:
    store = forms.store
    base.remember(store, image, reference="")
    if rewritten:  # what a blob unpacks to is not the layer that it was made of
        return
    for chain, layer, _ in zip(image.chain_ids, tree.layers, packed, strict=True):
        home = forms.home(layer) if layer.form == "layer" else None
        if home and store.links.layer_of_chain(chain) is None:
            store.links.set_layer_of_chain(chain, home)


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
