"""Images that come into the store from elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.blobs import MemoryBlobs, make_image
from fakes.workshop import Workshop
from stagemill.errors import ArchiveError, CorruptError, NotFoundError
from stagemill.execute.base import read_image
from stagemill.execute.importing import import_image, import_layout
from stagemill.export.oci import oci_archives, oci_directory
from stagemill.oci.platform import Platform

LOCAL = Platform.local()


def test_an_image_brings_its_documents_and_its_layers(workshop: Workshop) -> None:
    blobs = MemoryBlobs()
    image = make_image(blobs, {"a": b"1"}, {"b": b"2"})

    import_image(workshop.store, image, blobs, reference="registry.example/app:1")

    assert read_image(workshop.store, image.digest) == image
    assert all(workshop.store.blobs.has(layer) for layer in image.manifest.layers)
    bases = [workshop.store.links.base(chain) for chain in image.chain_ids]
    assert [found and found.parent for found in bases] == [None, image.chain_ids[0]]
    assert workshop.store.links.origin(image.manifest.layers[1].digest) == "registry.example/app:1"


def test_without_a_reference_nothing_says_where_blobs_were(workshop: Workshop) -> None:
    blobs = MemoryBlobs()
    image = make_image(blobs, {"a": b"1"})

    import_image(workshop.store, image, blobs)

    assert workshop.store.links.origin(image.manifest.layers[0].digest) is None


def test_where_a_layer_is_torn_the_image_does_not_come_in(workshop: Workshop) -> None:
    blobs = MemoryBlobs()
    image = make_image(blobs, {"a": b"1"})
    (layer,) = image.manifest.layers
    blobs.data[layer.digest] = blobs.data[layer.digest][::-1]

    with pytest.raises(CorruptError):
        import_image(workshop.store, image, blobs)

    with pytest.raises(NotFoundError):
        read_image(workshop.store, image.digest)


class TestLayout:
    def test_the_one_image_needs_no_tag(self, workshop: Workshop, tmp_path: Path) -> None:
        blobs = MemoryBlobs()
        image = make_image(blobs, {"a": b"1"}, platform=LOCAL)
        oci_directory(image, blobs, names=(), destination=tmp_path / "layout")

        assert import_layout(workshop.store, tmp_path / "layout", LOCAL) == image
        assert workshop.store.blobs.has(image.manifest.layers[0])

    def test_an_archive_will_do_as_well(self, workshop: Workshop, tmp_path: Path) -> None:
        blobs = MemoryBlobs()
        images = [make_image(blobs, {name: b"1"}, platform=LOCAL) for name in ("a", "b")]
        names = [["docker.io/library/app:a"], ["docker.io/library/app:b"]]
        with (tmp_path / "images.tar").open("wb") as out:
            oci_archives(list(zip(images, names, strict=True)), blobs, out=out)

        assert import_layout(workshop.store, tmp_path / "images.tar:b", LOCAL) == images[1]

    def test_a_tag_that_it_lacks_is_an_error_that_names_the_others(self, workshop: Workshop, tmp_path: Path) -> None:
        blobs = MemoryBlobs()
        image = make_image(blobs, {"a": b"1"}, platform=LOCAL)
        oci_directory(image, blobs, names=("docker.io/library/app:one",), destination=tmp_path / "layout")

        with pytest.raises(NotFoundError) as caught:
            import_layout(workshop.store, tmp_path / "layout:two", LOCAL)

        assert caught.value.message == f"{tmp_path}/layout has no image with the tag two"
        assert caught.value.hint == "the tags in it: one"

    def test_a_path_that_is_not_there_is_an_error(self, workshop: Workshop, tmp_path: Path) -> None:
        with pytest.raises(ArchiveError) as caught:
            import_layout(workshop.store, tmp_path / "none", LOCAL)

        assert caught.value.hint
