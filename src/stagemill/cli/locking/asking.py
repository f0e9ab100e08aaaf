"""`Asking`: who a lock is written from: the store and the registries of this machine."""

from __future__ import annotations

from stagemill.cli.frame.environment import Workplace
from stagemill.digest import Digest
from stagemill.errors import CorruptError, NotFoundError
from stagemill.execute import base
from stagemill.lock.entries import Variant
from stagemill.oci.choice import choose
from stagemill.oci.image import Image
from stagemill.oci.image_index import AnyImage, ImageIndex, pick
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Asking:
    """With `pull` the store's own images are passed over, as by a build."""

    place: Workplace
    pull: bool = False

    def here(self, name: Reference, platform: Platform | None) -> Digest | None:
        """What the store has by that name, where it is for the platform and not torn."""
        descriptor = None if self.pull else self.place.store.images.get(str(name))
        if descriptor is None:
            return None
        try:
            item = base.read(self.place.store, descriptor)
        except (NotFoundError, CorruptError, ValueError):
            return None
        return descriptor.digest if _fits(item, platform) else None

    def there(self, name: Reference) -> Digest:
        """By one small request, where the registry answers that."""
        registry = self.place.registry
        return registry.head(name) or registry.document(name).descriptor.digest

    def variant(self, name: Reference, platform: Platform) -> Variant:
        """Its documents are in the store afterwards."""
        image = self.place.registry.resolve(name, platform, shelf=self.place.store.blobs)
        return Variant(platform.full, image.digest, _weight(image), image.config.created)

    def size(self, content: Digest) -> int:
        return self.place.store.blobs.size(content)

    def only_here(self, name: Reference, platform: Platform) -> bool:
        """Whether no registry is known to have the layers of an image: another machine cannot build from it."""
        image = self.place.registry.resolve(name, platform, shelf=self.place.store.blobs)
        return any(self.place.store.links.origin(layer.digest) is None for layer in image.manifest.layers)


def _fits(item: AnyImage, platform: Platform | None) -> bool:
    if platform is None:
        return True
    image = pick(item, platform)
    if image is None or isinstance(item, ImageIndex):
        return image is not None
    return not image.config.platform.architecture or choose((image.descriptor,), platform) is not None


def _weight(image: Image) -> int:
    """The bytes of all that is pulled of an image."""
    layers = sum(layer.size for layer in image.manifest.layers)
    return layers + image.manifest.config.size + len(image.manifest_bytes)
