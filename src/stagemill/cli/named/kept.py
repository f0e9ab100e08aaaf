"""`Kept`: what the store has under some names, or under none: an image, or an index of several. It need not be whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress

from stagemill.cli.frame import table
from stagemill.digest import Digest
from stagemill.errors import StagemillError
from stagemill.execute import base
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image import Image
from stagemill.oci.image_index import AnyImage, identity, members, pick, runnable
from stagemill.oci.reference import Reference
from stagemill.store.store import Store
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Kept:
    """`names` are full, sorted; `given` is when the last of them was given, or when the only one was taken away."""

    descriptor: Descriptor
    names: tuple[str, ...]
    given: float

    def read(self, store: Store) -> AnyImage | None:
        """The image, or the index; None where manifest or config cannot be read."""
        with suppress(StagemillError, ValueError):
            return base.read(store, self.descriptor)
        return None

    def identity(self, store: Store) -> Digest:
        """Its id, or the digest of its manifest where it is torn."""
        item = self.read(store)
        return identity(item) if item else self.descriptor.digest

    def digests(self, store: Store) -> tuple[Digest, ...]:
        """By which it is known: its manifest's or index's, and those of its manifests and configs that can be read."""
        item = self.read(store)
        images = members(item) if item else ()
        each = (digest for image in images for digest in (image.digest, image.manifest.config.digest))
        return tuple(dict.fromkeys((self.descriptor.digest, *each)))


def everything(store: Store) -> list[Kept]:
    """All images, those with names first, in the order of their first names."""
    found: dict[Digest, list[tuple[str, Descriptor, float]]] = defaultdict(list)
    for row in store.images.all():
        found[row[1].digest].append(row)
    named = [
        Kept(rows[0][1], tuple(name for name, _, _ in rows), max(given for _, _, given in rows))
        for rows in found.values()
    ]
    return [*named, *(Kept(descriptor, (), given) for descriptor, given in store.images.nameless())]


def main(item: AnyImage) -> Image | None:
    """The image for this machine, or the first that there is."""
    return pick(item, None) or next(iter(runnable(item)), None)


def size(item: AnyImage) -> int:
    """Bytes of the layers as they are shipped, each once."""
    return sum({layer.digest: layer.size for image in runnable(item) for layer in image.manifest.layers}.values())


def created(item: AnyImage) -> float | None:
    """When it was made, the youngest of several, in seconds since the epoch, as far as it says so."""
    times = [time for image in runnable(item) if (time := table.timestamp(image.config.created)) is not None]
    return max(times, default=None)


def repository(reference: Reference) -> str:
    """The name without tag and digest, as people write it."""
    return Reference(reference.registry, reference.repository).familiar


def repo_tags(names: Iterable[str]) -> list[str]:
    """The names that are tags, as people write them."""
    references = map(Reference.parse, names)
    return [reference.familiar for reference in references if not reference.digest]


def repo_digests(names: Iterable[str], manifest: Digest) -> list[str]:
    """The image by its manifest's digest, once for each repository that has a name of it."""
    repositories = dict.fromkeys(repository(Reference.parse(name)) for name in names)
    return [f"{name}@{manifest}" for name in repositories]
