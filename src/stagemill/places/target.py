"""`Target`: a place that an image is written to. Blobs come first, then manifests, and last the name of it all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import field
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from stagemill.digest import Digest
from stagemill.errors import NotFoundError, StagemillError
from stagemill.execute import base
from stagemill.execute.arriving import again, arriving
from stagemill.execute.streams import Stopped
from stagemill.export.layout_directory import LayoutDirectory
from stagemill.oci import media_types
from stagemill.oci.blobs import BlobSource, chunks
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image import Image
from stagemill.places.node import Node
from stagemill.registry.destination import Destination, Way
from stagemill.store.locks import never
from stagemill.store.store import Store
from stagemill.values import dataclass

How: TypeAlias = Way | Literal["later"]
"""How a blob came to be there: as with a registry, or it is left where it is, for later."""


class Target(Protocol):
    """What is interrupted leaves nothing torn: a name means what it meant before, until all of the new image is there."""

    @property
    def parallel(self) -> int:
        """How many blobs may come at once."""
        ...

    @property
    def registry(self) -> str:
        """The registry that it is in, which may have blobs in other repositories; empty where it is in none."""
        ...

    def check(self, node: Node, /) -> None:
        """Raises StagemillError where this cannot be written here, before anything is."""
        ...

    def knows(self, node: Node, /) -> bool:
        """Whether a manifest is here, with all that it names."""
        ...

    def blob(self, blob: Descriptor, source: BlobSource, /, *, mounts: Iterable[str], stopped: Stopped = never) -> How:
        """It is here afterwards. `mounts` are repositories of the same registry that may have it.

        Who waits for somebody else asks `stopped` whether it still has to.
        """
        ...

    def manifest(self, node: Node, /) -> None:
        """A manifest, or an index below the top, is here; all that it names was before."""
        ...

    def name(self, node: Node, /) -> None:
        """The last of all: the address means this."""
        ...


@dataclass(frozen=True, slots=True)
class RegistryTarget:
    destination: Destination
    parallel: int = 4

    @property
    def registry(self) -> str:
        return self.destination.reference.registry

    def check(self, node: Node, /) -> None:
        _check_digest(node, self.destination.reference.digest)

    def knows(self, node: Node, /) -> bool:
        return not node.is_index and self.destination.find_manifest(node.digest) == node.digest

    def blob(self, blob: Descriptor, source: BlobSource, /, *, mounts: Iterable[str], stopped: Stopped = never) -> How:
        del stopped
        own = self.destination.reference.repository
        return self.destination.send(blob, source, mounts=[other for other in mounts if other != own])

    def manifest(self, node: Node, /) -> None:
        self.destination.put_manifest(node.data, media_type=node.media_type, name=node.digest)

    def name(self, node: Node, /) -> None:
        name = self.destination.reference.tag or node.digest
        self.destination.put_manifest(node.data, media_type=node.media_type, name=name)


@dataclass(frozen=True, slots=True)
class StoreTarget:
    """The store, which keeps images only; beside them in an index there may be all else.

    `origin` is the registry's reference that they come from, if they do. Layers that have one in `later` stay there: they
    are fetched when somebody needs them, as those of a base are.
    """

    store: Store
    reference: str
    clock: Callable[[], float]
    origin: str = ""
    later: Mapping[Digest, str] = field(default_factory=dict)
    parallel: int = 4
    registry: str = ""

    def check(self, node: Node, /) -> None:
        if not node.is_index and not node.is_image:
            hint = "an OCI layout keeps everything: oci:DIRECTORY:TAG"
            raise StagemillError(f"the store keeps images, and this is of type {node.config.media_type}", hint=hint)

    def knows(self, _node: Node, /) -> bool:
        return False

    def blob(self, blob: Descriptor, source: BlobSource, /, *, mounts: Iterable[str], stopped: Stopped = never) -> How:
        del mounts
        if blob.digest in self.later and blob.media_type in media_types.LAYERS and not self.store.blobs.has(blob):
            return "later"
        with self.store.lock(f"blob-{blob.digest.hex}", stopped):
            if self.store.blobs.has(blob):
                return "there"
            again(lambda: self._receive(blob, source))
        return "sent"

    def _receive(self, blob: Descriptor, source: BlobSource) -> None:
        """What breaks off goes on the next time, where the source can do that."""
        with arriving(self.store, source, blob) as reader:
            for _ in chunks(reader):
                pass

    def manifest(self, node: Node, /) -> None:
        self.store.blobs.put(node.data)

    def name(self, node: Node, /) -> None:
        self.store.blobs.put(node.data)
        for image in map(self._image, node.walk()):
            if image:
                origins = [self.later[layer.digest] for layer in image.manifest.layers if layer.digest in self.later]
                base.remember(self.store, image, reference=next(iter(origins), self.origin))
        self.store.images.set(self.reference, node.descriptor, self.clock())

    def _image(self, node: Node) -> Image | None:
        """None for what is no image that could be built on."""
        with suppress(ValueError, NotFoundError):
            return None if node.is_index else Image.parse(node.data, self.store.blobs.read(node.config.digest))
        return None


@dataclass(frozen=True, slots=True)
class LayoutTarget:
    """What is written has the `digest`, where there is one."""

    layout: LayoutDirectory
    tag: str
    digest: Digest | None = None
    parallel: int = 4
    registry: str = ""

    @classmethod
    def at(cls, path: Path, tag: str, digest: Digest | None = None) -> LayoutTarget:
        return cls(LayoutDirectory(path), tag, digest)

    def check(self, node: Node, /) -> None:
        _check_digest(node, self.digest)
        self.layout.begin()

    def knows(self, _node: Node, /) -> bool:
        return False

    def blob(self, blob: Descriptor, source: BlobSource, /, *, mounts: Iterable[str], stopped: Stopped = never) -> How:
        del mounts, stopped
        if self.layout.has(blob):
            return "there"
        with source.open(blob) as reader:
            self.layout.write(blob, chunks(reader))
        return "sent"

    def manifest(self, node: Node, /) -> None:
        if not self.layout.has(node.descriptor):
            self.layout.write(node.descriptor, (node.data,))

    def name(self, node: Node, /) -> None:
        self.manifest(node)
        self.layout.name(node.entry, self.tag)


def _check_digest(node: Node, wanted: Digest | None) -> None:
    if wanted not in {None, node.digest}:
        hint = "name it by a tag, or leave out what changes it"
        raise StagemillError(f"what is copied has the digest {node.digest}, not {wanted}", hint=hint)
