"""Base images: what the store has to know of an image before its layers are needed."""

from __future__ import annotations

from stagemill.digest import Digest
from stagemill.execute.tree import Tree, TreeLayer
from stagemill.oci.image import Image
from stagemill.store.links import BaseLayer
from stagemill.store.store import Store


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


def read_image(store: Store, manifest: Digest) -> Image:
    """An image whose manifest and config are in the store. Raises NotFoundError or CorruptError."""
    manifest_bytes = store.blobs.read(manifest)
    config = Image.config_digest(manifest_bytes)
    return Image.parse(manifest_bytes, store.blobs.read(config))


def tree(store: Store, manifest: Digest) -> Tree:
    """The layers of a remembered image, by their chain ids."""
    return Tree(tuple(TreeLayer("chain", chain) for chain in read_image(store, manifest).chain_ids))
