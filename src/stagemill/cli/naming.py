"""Images of the store as people name them: by reference, or by the beginning of a digest."""

from __future__ import annotations

import difflib
import re
from contextlib import suppress

from stagemill.cli import flags
from stagemill.digest import Digest
from stagemill.errors import NotFoundError, StagemillError
from stagemill.execute import base
from stagemill.oci.choice import choose
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image import Image
from stagemill.oci.image_index import AnyImage, ImageIndex, members, pick, runnable
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference
from stagemill.store.store import Store

_ID = re.compile(r"(?:sha256:)?([0-9a-f]{6,64})")


def find(store: Store, text: str) -> tuple[str, AnyImage]:
    """The full name and the image, or the index; the digest of one of an index's images means that one.

    Raises NotFoundError with a near name, UsageError for what is no name.
    """
    name, descriptor = locate(store, text)
    item = base.read(store, descriptor)
    return name, _meant(item, text) or item


def find_image(store: Store, text: str, platform: Platform | None = None) -> tuple[str, Image]:
    """The same, but of an index the image for a platform (None: this machine's, or the only one there is).

    Raises as `find` does, and NotFoundError where there is none for the platform.
    """
    name, item = find(store, text)
    image = pick(item, platform)
    if image is None or (platform and image.config.platform.architecture and not _fits(image, platform)):
        known = ", ".join(dict.fromkeys(str(image.config.platform) for image in runnable(item))) or "none"
        wanted = platform or Platform.local()
        hint = f"it has {known}: choose one with --platform, or stagemill pull --platform {wanted} {text}"
        raise NotFoundError(f"{text} has no image for {wanted} in the store", hint=hint)
    return name, image


def _meant(item: AnyImage, text: str) -> Image | None:
    match = _ID.fullmatch(text)
    for image in runnable(item) if match and isinstance(item, ImageIndex) else ():
        if match and any(digest.hex.startswith(match[1]) for digest in (image.digest, image.manifest.config.digest)):
            return image
    return None


def _fits(image: Image, platform: Platform) -> bool:
    return choose((image.descriptor,), platform) is not None


def locate(store: Store, text: str) -> tuple[str, Descriptor]:
    """The full name and what it names, an image that need not be whole. Raises as `find` does."""
    named = {name: descriptor for name, descriptor, _ in store.images.all()}
    if match := _ID.fullmatch(text):
        for name, descriptor in named.items():
            if any(digest.hex.startswith(match[1]) for digest in _digests(store, descriptor)):
                return name, descriptor
        if len(match[1]) == 64:
            raise NotFoundError(f"there is no image {text} in the store", hint="stagemill images lists what there is")
    name = str(flags.reference(text))
    if name not in named:
        raise missing(text, list(named))
    return name, named[name]


def _digests(store: Store, named: Descriptor) -> tuple[Digest, ...]:
    """By which an image is known: its manifest's or index's, and those of its manifests and configs that can be read."""
    with suppress(StagemillError, ValueError):
        images = members(base.read(store, named))
        each = (digest for image in images for digest in (image.digest, image.manifest.config.digest))
        return tuple(dict.fromkeys((named.digest, *each)))
    return (named.digest,)


def missing(text: str, names: list[str]) -> NotFoundError:
    """The error for an image that the store does not have."""
    familiar = [Reference.parse(name).familiar for name in names]
    near = difflib.get_close_matches(Reference.parse(text).familiar, familiar, n=1)
    hint = f"did you mean {near[0]}?" if near else "stagemill images lists what there is; stagemill pull fetches more"
    return NotFoundError(f"there is no image {text} in the store", hint=hint)
