"""`Kept`: an image of the store with all names that it has, which may be none. It need not be whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from stagemill.cli import table
from stagemill.digest import Digest
from stagemill.errors import StagemillError
from stagemill.execute import base
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image import Image
from stagemill.oci.reference import Reference
from stagemill.store.store import Store


@dataclass(frozen=True, slots=True)
class Kept:
    """`names` are full, sorted; `given` is when the last of them was given, or when the only one was taken away."""

    descriptor: Descriptor
    names: tuple[str, ...]
    given: float

    def image(self, store: Store) -> Image | None:
        """The image; None where manifest or config cannot be read."""
        with suppress(StagemillError, ValueError):
            return base.read_image(store, self.descriptor.digest)
        return None

    def digests(self, store: Store) -> tuple[Digest, ...]:
        """By which it is known: its manifest's, and its config's, which is its id, if that can be read."""
        image = self.image(store)
        return (self.descriptor.digest, identity(image)) if image else (self.descriptor.digest,)


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


def identity(image: Image) -> Digest:
    """The digest that is an image's id."""
    return image.manifest.config.digest


def size(image: Image) -> int:
    """Bytes of the layers as they are shipped, each once."""
    return sum({layer.digest: layer.size for layer in image.manifest.layers}.values())


def created(image: Image) -> float | None:
    """When it was made, in seconds since the epoch, as far as it says so."""
    return table.timestamp(image.config.created)


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
