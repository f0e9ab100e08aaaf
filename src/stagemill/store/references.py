"""`References`: what of a store's blobs and layers something needs: records of steps, and named images."""

from __future__ import annotations

import json as json_module
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Self, TypeAlias

from stagemill.digest import Digest
from stagemill.errors import CorruptError, NotFoundError
from stagemill.oci import document as json
from stagemill.oci import media_types
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image import Image
from stagemill.oci.manifest import Index, Manifest
from stagemill.store.store import Store
from stagemill.values import dataclass

LayersOf: TypeAlias = Callable[[str], Iterable[tuple[str, Digest]]]
"""The layers in the result of a record, each with its form: `layer`, or `chain` for a base's."""


@dataclass(frozen=True, slots=True)
class StepUse:
    """A step by its canonical key, with the keys of its records; `used` is the latest use of any of them."""

    key: Digest
    keys: tuple[Digest, ...]
    name: str
    used: float
    layers: tuple[tuple[str, Digest], ...]
    ingredients: str = ""

    @property
    def parents(self) -> tuple[str, ...]:
        """The keys of the steps that it stands on or reads from, as far as they are known."""
        try:
            known: json.Json = json_module.loads(self.ingredients or "{}")
        except ValueError:
            return ()
        inputs = known.get("inputs") if isinstance(known, Mapping) else None
        given = inputs if isinstance(inputs, list) else []
        return tuple(key for each in given if isinstance(each, dict) and isinstance(key := each.get("key"), str))


@dataclass(frozen=True, slots=True)
class References:
    """`steps` come those with fewer layers first, so that each layer is met first in the step that made it.

    `images` are the blobs that images need, by name, or by digest where they have none; `shown` are the directories of the
    layers of those that have one, `directories` those of all.
    """

    steps: tuple[StepUse, ...]
    images: Mapping[str, frozenset[Digest]]
    shown: frozenset[Digest]
    directories: frozenset[Digest]
    _packs: Mapping[Digest, frozenset[Digest]]

    @classmethod
    def of(cls, store: Store, layers_of: LayersOf) -> Self:
        packs: dict[Digest, set[Digest]] = {}
        variants = ((one.layer, one.packed) for one in store.links.variants())
        for layer, packed in (*store.links.packs(), *variants):
            packs.setdefault(layer, set()).add(packed.descriptor.digest)
        images: dict[str, frozenset[Digest]] = {}
        shown: set[Digest] = set()
        for name, descriptor, _ in store.images.all():
            reach = _Reach(store)
            reach.follow(descriptor)
            images[name] = frozenset(reach.blobs)
            shown |= reach.directories
        needed = set(shown)
        for descriptor, _ in store.images.nameless():
            reach = _Reach(store)
            reach.follow(descriptor)
            images[f"<none> {descriptor.digest.short}"] = frozenset(reach.blobs)
            needed |= reach.directories
        frozen = {layer: frozenset(blobs) for layer, blobs in packs.items()}
        return cls(tuple(_steps(store, layers_of)), images, frozenset(shown), frozenset(needed), frozen)

    def packed(self, layer: Digest) -> frozenset[Digest]:
        """The blobs that are known to be of a layer."""
        return self._packs.get(layer, frozenset())


def _steps(store: Store, layers_of: LayersOf) -> Iterator[StepUse]:
    found: dict[Digest, StepUse] = {}
    for record in store.records.all():
        try:
            layers = tuple(layers_of(record.result))
        except (ValueError, TypeError):
            continue
        before = found.get(record.canonical)
        keys = (*(before.keys if before else ()), record.key)
        used = max(record.used, before.used if before else 0.0)
        found[record.canonical] = StepUse(record.canonical, keys, record.name, used, layers, record.ingredients)
    yield from sorted(found.values(), key=lambda step: (len(step.layers), step.key))


class _Reach:
    """What one named image reaches; what cannot be read is not followed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.blobs: set[Digest] = set()
        self.directories: set[Digest] = set()

    def follow(self, descriptor: Descriptor) -> None:
        self.blobs.add(descriptor.digest)
        try:
            data = self._store.blobs.read(descriptor.digest)
            if descriptor.media_type in media_types.INDEXES:
                for inner in Index.parse(data).manifests:
                    self.follow(inner)
                return
            manifest = Manifest.parse(data)
            self.blobs |= {blob.digest for blob in (manifest.config, *manifest.layers)}  # also of what is no image
            self._layers(Image.parse(data, self._store.blobs.read(manifest.config.digest)))
        except (NotFoundError, CorruptError, ValueError):
            return

    def _layers(self, image: Image) -> None:
        for chain in image.chain_ids:
            home = self._store.links.layer_of_chain(chain)
            if home is not None:
                self.directories.add(home)
