"""Images in the store: what it has to know of one before its layers are needed, and how it is read again."""

from __future__ import annotations

from contextlib import suppress

from stagemill.digest import Digest
from stagemill.errors import CorruptError, NotFoundError
from stagemill.execute.tree import Tree, TreeLayer
from stagemill.oci import media_types
from stagemill.oci.choice import choose
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.document import parse_object
from stagemill.oci.image import Image
from stagemill.oci.image_index import AnyImage, ImageIndex
from stagemill.oci.manifest import Index
from stagemill.oci.platform import Platform
from stagemill.store.links import BaseLayer
from stagemill.store.store import Store

_DEEPEST = 4  # an index may name an index


def remember(store: Store, image: Image, *, reference: str) -> None:
    """Keeps manifest and config, and where the layers can be had; no layer is fetched."""
    store.blobs.put(image.manifest_bytes)
    store.blobs.put(image.config_bytes)
    parent: Digest | None = None
    for chain, diff_id, layer in zip(image.chain_ids, image.config.diff_ids, image.manifest.layers, strict=True):
        if store.links.base(chain) is None:
            store.links.set_base(chain, BaseLayer(chain, parent, diff_id, layer, reference))
        if reference:
            store.links.set_origin(layer.digest, reference)
        parent = chain


def remember_all(store: Store, item: AnyImage, *, reference: str) -> None:
    """The same for an image, or for an index with those of its images that are at hand."""
    if isinstance(item, ImageIndex):
        for image in item.images:
            remember(store, image, reference=reference)
        store.blobs.put(item.index_bytes)
    else:
        remember(store, item, reference=reference)


def read(store: Store, named: Descriptor) -> AnyImage:
    """What a name of the store stands for; of an index those images whose manifest and config are here.

    Raises NotFoundError, CorruptError, or ValueError for what cannot be read.
    """
    if named.media_type not in media_types.INDEXES:
        return read_image(store, named.digest)
    data = store.blobs.read(named.digest)
    images: list[Image] = []
    for entry in Index.parse(data).manifests:
        with suppress(NotFoundError, CorruptError, ValueError):
            images.append(read_image(store, entry.digest))
    return ImageIndex.parse(data, images)


def kept(store: Store, digest: Digest, platform: Platform) -> Image | None:
    """The image for a platform that a digest stands for, itself or as one of several, where all that says so is here."""
    with suppress(NotFoundError, CorruptError, ValueError):
        for _ in range(_DEEPEST):
            data = store.blobs.read(digest)
            if "manifests" not in parse_object(data, "the manifest"):
                return read_image(store, digest)
            chosen = choose(Index.parse(data).manifests, platform)
            if chosen is None:
                return None
            digest = chosen.digest
    return None


def read_image(store: Store, manifest: Digest) -> Image:
    """An image whose manifest and config are in the store. Raises NotFoundError or CorruptError."""
    manifest_bytes = store.blobs.read(manifest)
    config = Image.config_digest(manifest_bytes)
    return Image.parse(manifest_bytes, store.blobs.read(config))


def tree(store: Store, manifest: Digest) -> Tree:
    """The layers of a remembered image, by their chain ids."""
    return Tree(tuple(TreeLayer("chain", chain) for chain in read_image(store, manifest).chain_ids))
