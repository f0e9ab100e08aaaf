"""`ImageResolver`: finds base images, in the store first, then where their name says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from stagemill import events
from stagemill.digest import Digest
from stagemill.errors import CorruptError, NotFoundError, RegistryError, StagemillError
from stagemill.execute import base
from stagemill.execute.importing import import_layout
from stagemill.oci.choice import choose
from stagemill.oci.image import Image
from stagemill.oci.image_index import ImageIndex, pick, runnable
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference
from stagemill.plan.resolver import Base
from stagemill.sources import policed
from stagemill.sources.policy import Policy
from stagemill.store.store import Store

if TYPE_CHECKING:
    from stagemill.registry.documents import Shelf

LAYOUT = "oci-layout://"
_NO_POLICY = Policy()


class Remote(Protocol):
    """Where images are that the store does not have; the registry client is one."""

    def resolve(self, reference: Reference, platform: Platform, *, shelf: Shelf) -> Image: ...


class ImageResolver:
    """Resolves names to images, and tells the listener when that takes the network.

    With `pull` the store's own images are passed over where a registry has the name. With `lenient` an image of another
    platform is taken where there is none for the right one, to be looked at; with `implicit`, where nobody asked for a
    platform, one that is for one platform only. With `several` the listener hears for which platform an image is looked up.
    The `policy` says which image is had for a name. Thread-safe.
    """

    def __init__(
        self,
        store: Store,
        *,
        remote: Callable[[], Remote],
        listener: events.Listener,
        clock: Callable[[], float],
        pull: bool = False,
        lenient: bool = False,
        several: bool = False,
        implicit: bool = False,
        policy: Policy = _NO_POLICY,
    ) -> None:
        self.store = store
        self._remote = remote
        self._listener = listener
        self._clock = clock
        self._pull = pull
        self._lenient = lenient
        self._several = several
        self._implicit = implicit
        self._policy = policy

    def resolve(self, reference: str, platform: Platform | None, *, context: str = "") -> Base:
        """Raises ValueError for what is no reference, StagemillError where the image cannot be had."""
        wanted = platform or Platform.local()
        reference = policed.image(self._policy, reference, pull=self._pull)
        if reference.startswith(LAYOUT):
            return self._layout(reference, wanted)
        name = Reference.parse(reference)
        local = None if self._pull else self._local(name, wanted)
        if local:
            return _base(str(name), local)
        try:
            image = self._fetch(name, wanted, told_by=f"context {context}" if context else "internal")
        except RegistryError:
            other = self._local(name, None, whole=not self._lenient) if self._lenient or self._implicit else None
            if other is None:
                raise
            return _base(str(name), other)
        base.remember(self.store, image, reference=str(name))
        return _base(str(name), image)

    def _local(self, name: Reference, platform: Platform | None, *, whole: bool = False) -> Image | None:
        """The store's image of this name, unless it is torn, or another platform's; None takes any, with `whole` none
        that is one of several.
        """
        descriptor = self.store.images.get(str(name))
        if descriptor is None:
            return None
        try:
            item = base.read(self.store, descriptor)
        except (NotFoundError, CorruptError, ValueError):
            return None
        if whole and isinstance(item, ImageIndex):
            return None
        image = pick(item, platform) or (next(iter(runnable(item)), None) if platform is None else None)
        if image is None or (image.config.platform.architecture and choose((image.descriptor,), platform) is None):
            return None
        base.remember(self.store, image, reference=self.store.links.origin(descriptor.digest) or "")
        return image

    def _fetch(self, name: Reference, platform: Platform, *, told_by: str) -> Image:
        whose = f"{platform.full} {told_by}" if self._several else told_by
        step = Digest.of(f"resolve {name} {platform.full}".encode())
        self._listener(events.Started(step, f"[{whose}] load metadata for {name}", self._clock()))
        try:
            image = self._remote().resolve(name, platform, shelf=self.store.blobs)
        except StagemillError as error:
            self._listener(events.Failed(step, str(error), self._clock()))
            raise
        self._listener(events.Finished(step, self._clock()))
        return image

    def _layout(self, reference: str, platform: Platform) -> Base:
        image = import_layout(self.store, Path(reference.removeprefix(LAYOUT)), platform)
        base.remember(self.store, image, reference="")
        return _base(reference, image)


def _base(reference: str, image: Image) -> Base:
    return Base(reference, image.digest, image.config)
