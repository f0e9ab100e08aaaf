"""An image of the store with its layers compressed in another way: another image, of the same files."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from threading import Event
from typing import TYPE_CHECKING

from stagemill.errors import StagemillError
from stagemill.execute import base
from stagemill.execute.forms import Forms
from stagemill.execute.packaging import Packaging
from stagemill.execute.parallel import threads
from stagemill.execute.tree import TreeLayer
from stagemill.oci import media_types
from stagemill.oci.image import NO_PLATFORM, Image
from stagemill.oci.image_index import AnyImage, ImageIndex
from stagemill.oci.manifest import Manifest

if TYPE_CHECKING:
    from stagemill.layer.compression import Compression

_PARALLEL = 2


def repackaged(item: AnyImage, compression: Compression, forms: Forms) -> AnyImage:
    """All layers have it, and what is new is in the store, without a name; media types are OCI's.

    Raises StagemillError for an index with statements, which are about the images that it has.
    """
    if isinstance(item, Image):
        made: AnyImage = _image(item, compression, forms)
    else:
        made = _index(item, compression, forms)
    base.remember_all(forms.store, made, reference="")
    return made


def _index(item: ImageIndex, compression: Compression, forms: Forms) -> ImageIndex:
    images = {image.digest: image for image in item.images}
    if any(image.config.platform == NO_PLATFORM for image in images.values()):
        raise StagemillError(
            "an index with statements cannot be compressed anew: they name its images by their digests",
            hint="build it with --output compression=, or leave the flag out",
        )
    made = {digest: _image(image, compression, forms) for digest, image in images.items()}
    entries = tuple(
        replace(entry, media_type=one.manifest.media_type, digest=one.digest, size=len(one.manifest_bytes))
        if (one := made.get(entry.digest))
        else entry
        for entry in item.index.manifests
    )
    index = replace(item.index, manifests=entries, media_type=media_types.INDEX)
    return replace(item, index=index, index_bytes=index.serialize(), images=tuple(made.values()))


def _image(image: Image, compression: Compression, forms: Forms) -> Image:
    """The config stays as it is, since it names the tars and not the blobs."""
    base.remember(forms.store, image, reference="")
    packaging = Packaging(compression, force=True)
    stopped = Event()
    chains = [TreeLayer("chain", chain) for chain in image.chain_ids]
    with threads(_PARALLEL, name="pack", stopped=stopped) as pool:
        packed = list(pool.map(partial(packaging.layer, forms=forms, stopped=stopped.is_set), chains))
    config = replace(image.manifest.config, media_type=media_types.CONFIG)
    manifest = Manifest(config, packaging.named(packed), annotations=image.manifest.annotations)
    made = Image.parse(manifest.serialize(), image.config_bytes)
    return replace(made, annotations=image.annotations, platform=image.platform)
