"""An image of the store in another compression."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.blobs import MemoryBlobs, make_image
from fakes.workshop import Workshop
from stagemill.errors import StagemillError
from stagemill.execute import base
from stagemill.execute.repackaging import repackaged
from stagemill.layer.compression import Compression
from stagemill.oci import media_types
from stagemill.oci.config import ImageConfig
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image import NO_PLATFORM, Image
from stagemill.oci.image_index import AnyImage, ImageIndex
from stagemill.oci.platform import Platform
from stagemill.store.store import Store

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]

NAME = "registry.example/team/app:1"
ZSTD = Compression("zstd")


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    with Store.open(tmp_path / "store") as store:
        yield Workshop(tmp_path, store)


def known(workshop: Workshop, item: AnyImage) -> AnyImage:
    """The store knows of it, and has none of its layers."""
    base.remember_all(workshop.store, item, reference=NAME)
    return item


def kinds(image: AnyImage) -> list[str]:
    assert isinstance(image, Image)
    return [layer.media_type for layer in image.manifest.layers]


def test_all_layers_have_it_and_the_config_stays_the_same(workshop: Workshop) -> None:
    image = known(workshop, make_image(workshop.remote.blobs, {"a": b"1"}, {"b": b"2"}))

    made = repackaged(image, ZSTD, workshop.forms)

    assert isinstance(made, Image)
    assert isinstance(image, Image)
    assert kinds(made) == [media_types.LAYER_ZSTD] * 2
    assert made.config_bytes == image.config_bytes
    assert all(workshop.store.blobs.has(layer) for layer in made.manifest.layers)
    assert base.read_image(workshop.store, made.digest) == made


def test_what_has_it_stays_what_it_is(workshop: Workshop) -> None:
    image = known(workshop, make_image(workshop.remote.blobs, {"a": b"1"}))

    assert repackaged(image, Compression("gzip"), workshop.forms) == image


def test_an_index_has_the_same_platforms(workshop: Workshop) -> None:
    images = [
        make_image(workshop.remote.blobs, {"a": name.encode()}, platform=Platform("linux", name))
        for name in ("amd64", "s390x")
    ]
    index = known(workshop, ImageIndex.build(images, annotations={"x": "y"}))

    made = repackaged(index, ZSTD, workshop.forms)

    assert isinstance(made, ImageIndex)
    assert [entry.platform for entry in made.index.manifests] == [image.config.platform for image in images]
    assert [entry.digest for entry in made.index.manifests] == [image.digest for image in made.images]
    assert {kind for image in made.images for kind in kinds(image)} == {media_types.LAYER_ZSTD}
    assert made.index.annotations == {"x": "y"}


def test_one_with_statements_is_refused(workshop: Workshop) -> None:
    blobs: MemoryBlobs = workshop.remote.blobs
    statement = Descriptor(media_types.IN_TOTO, blobs.put(b"{}"), 2)
    said = Image.build(ImageConfig(NO_PLATFORM, diff_ids=(statement.digest,)), (statement,))
    index = known(workshop, ImageIndex.build([make_image(blobs, {"a": b"1"}), said]))

    with pytest.raises(StagemillError) as caught:
        repackaged(index, ZSTD, workshop.forms)

    assert caught.value.message.startswith("an index with statements cannot be compressed anew")
    assert caught.value.hint == "build it with --output compression=, or leave the flag out"
