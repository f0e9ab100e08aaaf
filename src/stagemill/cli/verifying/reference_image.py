"""`ReferenceImage`: the image that a build is compared with, wherever its name says that it is."""

from __future__ import annotations

from pathlib import Path

from stagemill.cli.frame import table
from stagemill.cli.frame.environment import Workplace
from stagemill.cli.given.flags import any_platform, reference
from stagemill.errors import StagemillError, UsageError
from stagemill.execute import base
from stagemill.execute.forms import Forms
from stagemill.execute.importing import import_layout
from stagemill.execute.shipping import StoredBlobs
from stagemill.oci.image import Image
from stagemill.oci.image_index import pick
from stagemill.oci.platform import Platform
from stagemill.values import dataclass
from stagemill.verify.side import Side

_REGISTRY = "docker://"
_LAYOUTS = ("oci-layout://", "oci:")


@dataclass(frozen=True, slots=True)
class ReferenceImage:
    """`name` is as it was given; `dated` the seconds since 1970 at which the image says that it was made, as text."""

    name: str
    side: Side

    @property
    def dated(self) -> str | None:
        created = table.timestamp(self.side.image.config.created)
        return None if created is None or created < 0 else str(int(created))


def find(name: str, platform: str | None, place: Workplace) -> ReferenceImage:
    """`docker://NAME` asks the registry, `oci-layout://DIRECTORY[:TAG]` (or `oci:`) reads a layout, else it is the store's.

    Raises StagemillError where there is none.
    """
    wanted = any_platform(platform) if platform else Platform.local()
    if name.startswith(_REGISTRY):
        given = reference(name.removeprefix(_REGISTRY))
        image = place.registry.resolve(given, wanted, shelf=place.store.blobs)
        return ReferenceImage(name, Side(image, place.remote(str(given))))
    for prefix in _LAYOUTS:
        if name.startswith(prefix):
            image = import_layout(place.store, Path(name.removeprefix(prefix)), wanted)
            return ReferenceImage(name, Side(image, place.store.blobs))
    return ReferenceImage(name, _stored(name, wanted, place))


def _stored(name: str, platform: Platform, place: Workplace) -> Side:
    named = place.store.images.get(str(reference(name)))
    if named is None:
        hint = f"pull it, or write --against docker://{name} for one in a registry"
        raise UsageError(f"--against: the store has no image {name}", hint=hint)
    try:
        image: Image | None = pick(base.read(place.store, named), platform)
    except ValueError as error:
        raise StagemillError(f"--against: {name} cannot be read: {error}") from error
    if image is None:
        raise UsageError(f"--against: {name} has no image for {platform}", hint="write --platform OS/ARCH")
    return Side(image, StoredBlobs(Forms(place.store, remote=place.remote)))
