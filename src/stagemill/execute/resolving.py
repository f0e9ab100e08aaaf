"""`ImageResolver`: finds base images, in the store first, then where their name says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from stagemill import events
from stagemill.digest import Digest
from stagemill.errors import CorruptError, NotFoundError, RegistryError, StagemillError
from stagemill.execute import base
from stagemill.execute.importing import import_layout, layout_platforms
from stagemill.oci.choice import choose
from stagemill.oci.image import Image
from stagemill.oci.image_index import AnyImage, ImageIndex, pick, platforms, runnable
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference
from stagemill.plan.resolver import Base
from stagemill.store.store import Store
from stagemill.timings import about, measured

if TYPE_CHECKING:
    from stagemill.registry.documents import Shelf
    from stagemill.sources.pins import Pins
    from stagemill.sources.policy import Judge

LAYOUT = "oci-layout://"


def _nothing(_name: Reference) -> None:
    """Nobody has said anything."""


class Remote(Protocol):
    """Where images are that the store does not have; the registry client is one."""

    def resolve(self, reference: Reference, platform: Platform, *, shelf: Shelf) -> Image: ...

    def platforms(self, reference: Reference, *, shelf: Shelf) -> tuple[Platform, ...]: ...


class ImageResolver:
    """Resolves names to images, and tells the listener when that takes the network.

    With `pull` the store's own images are passed over where a registry has the name. With `lenient` an image of another
    platform is taken where there is none for the right one, to be looked at; with `implicit`, where nobody asked for a
    platform, one that is for one platform only. With `several` the listener hears for which platform an image is looked up.
    The `policy` says which image is had for a name, and `pins` which digest a name has, so that no registry is asked for
    that; `told` is what a registry has said of it a moment ago. Thread-safe.
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
        policy: Judge | None = None,
        pins: Pins | None = None,
        told: Callable[[Reference], Digest | None] = _nothing,
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
        self._pins = pins
        self._told = told

    @measured("resolve")
    def resolve(self, reference: str, platform: Platform | None, *, context: str = "") -> Base:
        """Raises ValueError for what is no reference, StagemillError where the image cannot be had."""
        about(reference)
        wanted = platform or Platform.local()
        reference = self._had(reference, wanted)
        if reference.startswith(LAYOUT):
            return self._layout(reference, wanted)
        name = Reference.parse(reference)
        if self._pins:
            name = self._pins.image(name, wanted)
            local = self._whole(name)
        else:
            local = None if self._pull else self._local(name, wanted)
        if local:
            return _base(str(name), local)
        try:
            image = self._fetch(name, wanted, told_by=f"context {context}" if context else "internal")
        except RegistryError:
            any_will_do = self._lenient or (self._implicit and not self._pull and wanted == Platform.local())
            other = self._local(name, None, whole=not self._lenient) if any_will_do else None
            if other is None:
                raise
            return _base(str(name), other)
        base.remember(self.store, image, reference=str(name))
        return _base(str(name), image)

    def platforms(self, reference: str) -> tuple[Platform, ...]:
        """For which there is an image of this name: in the store, or else where the name says. Raises as `resolve` does.

        What the store has from a registry may be one of several there.
        """
        reference = self._had(reference)
        if reference.startswith(LAYOUT):
            return layout_platforms(self.store, Path(reference.removeprefix(LAYOUT)))
        name = Reference.parse(reference)
        if self._pins:
            name = self._pins.image(name, None)
        item = None if self._pull else self._here(name)
        if item and not self._is_fetched(item, name):
            return platforms(item)
        try:
            with self._telling(name, "internal"):
                return self._remote().platforms(name, shelf=self.store.blobs)
        except RegistryError:
            if item is None:
                raise
            return platforms(item)

    def _whole(self, name: Reference) -> Image | None:
        """The image of a digest where the store knows it and its layers, unless it is torn, or an index."""
        with suppress(NotFoundError, CorruptError, ValueError):
            image = base.read_image(self.store, name.digest) if name.digest else None
            if image and all(self.store.links.base(chain) for chain in image.chain_ids):
                base.remember(self.store, image, reference="")
                return image
        return None

    def _is_fetched(self, item: AnyImage, name: Reference) -> bool:
        layers = item.manifest.layers if isinstance(item, Image) else ()
        return any(self.store.links.origin(layer.digest) == str(name) for layer in layers)

    def _here(self, name: Reference) -> AnyImage | None:
        """What the store has under this name, unless it is torn."""
        descriptor = self.store.images.get(str(name))
        with suppress(NotFoundError, CorruptError, ValueError):
            return base.read(self.store, descriptor) if descriptor else None
        return None

    def _had(self, reference: str, platform: Platform | None = None) -> str:
        """What the policy gives for a reference. Raises ValueError, SourceError."""
        if not self._policy:
            return reference
        from stagemill.sources.policed import image  # noqa: PLC0415  few builds have a policy

        return image(self._policy, reference, pull=self._pull, platform=platform)

    def _local(self, name: Reference, platform: Platform | None, *, whole: bool = False) -> Image | None:
        """The store's image of this name, unless it is torn, or another platform's; None takes any, with `whole` none
        that is one of several.
        """
        item = self._here(name)
        if item is None or (whole and isinstance(item, ImageIndex)):
            return None
        image = pick(item, platform) or (next(iter(runnable(item)), None) if platform is None else None)
        if image is None or (image.config.platform.architecture and choose((image.descriptor,), platform) is None):
            return None
        base.remember(self.store, image, reference="")
        return image

    def _fetch(self, name: Reference, platform: Platform, *, told_by: str) -> Image:
        with self._telling(name, f"{platform.full} {told_by}" if self._several else told_by):
            digest = None if name.digest else self._told(name)
            if digest and (image := base.kept(self.store, digest, platform)):
                return image
            try:
                return self._remote().resolve(name, platform, shelf=self.store.blobs)
            except NotFoundError as error:
                if self._pins is None or self._knows(name):
                    raise  # it is there, and not for the platform
                raise self._pins.lost(name, error) from error

    def _knows(self, name: Reference) -> bool:
        """Whether the store has the document that a digest names."""
        with suppress(NotFoundError):
            return name.digest is not None and self.store.blobs.size(name.digest) > 0
        return False

    @contextmanager
    def _telling(self, name: Reference, whose: str) -> Iterator[None]:
        """Reports that somebody is asked."""
        text = f"[{whose}] load metadata for {name}"
        step = Digest.of(text.encode())
        self._listener(events.Started(step, text, self._clock()))
        try:
            yield
        except StagemillError as error:
            self._listener(events.Failed(step, str(error), self._clock()))
            raise
        self._listener(events.Finished(step, self._clock()))

    def _layout(self, reference: str, platform: Platform) -> Base:
        image = import_layout(self.store, Path(reference.removeprefix(LAYOUT)), platform)
        base.remember(self.store, image, reference="")
        return _base(reference, image)


def _base(reference: str, image: Image) -> Base:
    return Base(reference, image.digest, image.config)
