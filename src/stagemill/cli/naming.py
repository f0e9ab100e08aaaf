"""Images of the store as people name them: by reference, or by the beginning of a digest."""

from __future__ import annotations

import difflib
import re
from contextlib import suppress

from stagemill.cli import flags
from stagemill.digest import Digest
from stagemill.errors import NotFoundError, StagemillError
from stagemill.execute import base
from stagemill.oci.image import Image
from stagemill.oci.reference import Reference
from stagemill.store.store import Store

_ID = re.compile(r"(?:sha256:)?([0-9a-f]{6,64})")


def find(store: Store, text: str) -> tuple[str, Image]:
    """The full name and the image. Raises NotFoundError with a near name, UsageError for what is no name."""
    name, manifest = locate(store, text)
    return name, base.read_image(store, manifest)


def locate(store: Store, text: str) -> tuple[str, Digest]:
    """The full name and the manifest's digest, of an image that need not be whole. Raises as `find` does."""
    named = {name: descriptor.digest for name, descriptor, _ in store.images.all()}
    if match := _ID.fullmatch(text):
        for name, manifest in named.items():
            if any(digest.hex.startswith(match[1]) for digest in _digests(store, manifest)):
                return name, manifest
        if len(match[1]) == 64:
            raise NotFoundError(f"there is no image {text} in the store", hint="stagemill images lists what there is")
    name = str(flags.reference(text))
    if name not in named:
        raise missing(text, list(named))
    return name, named[name]


def _digests(store: Store, manifest: Digest) -> tuple[Digest, ...]:
    """By which an image is known: its manifest's, and its config's if that can be read."""
    with suppress(StagemillError, ValueError):
        return manifest, base.read_image(store, manifest).manifest.config.digest
    return (manifest,)


def missing(text: str, names: list[str]) -> NotFoundError:
    """The error for an image that the store does not have."""
    familiar = [Reference.parse(name).familiar for name in names]
    near = difflib.get_close_matches(Reference.parse(text).familiar, familiar, n=1)
    hint = f"did you mean {near[0]}?" if near else "stagemill images lists what there is; stagemill pull fetches more"
    return NotFoundError(f"there is no image {text} in the store", hint=hint)
