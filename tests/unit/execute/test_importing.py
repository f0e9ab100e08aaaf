"""Images that come into the store from elsewhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fakes.blobs import MemoryBlobs, make_image
from fakes.workshop import Workshop
from stagemill.digest import Digest
from stagemill.errors import ArchiveError, CorruptError, NotFoundError
from stagemill.execute.base import read_image
from stagemill.execute.importing import import_image, import_layout
from stagemill.export.oci import oci_archives, oci_directory
from stagemill.oci.image import Image
from stagemill.oci.manifest import Index
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

    def test_without_a_tag_it_is_latest(self, workshop: Workshop, tmp_path: Path) -> None:
        blobs = MemoryBlobs()
        images = [make_image(blobs, {name: b"1"}, platform=LOCAL) for name in ("a", "b")]
        names = [["docker.io/library/app:a"], ["docker.io/library/app:latest"]]
        with (tmp_path / "images.tar").open("wb") as out:
            oci_archives(list(zip(images, names, strict=True)), blobs, out=out)

        assert import_layout(workshop.store, tmp_path / "images.tar", LOCAL) == images[1]

    def test_where_several_have_other_tags_one_must_be_named(self, workshop: Workshop, tmp_path: Path) -> None:
        blobs = MemoryBlobs()
        images = [make_image(blobs, {name: b"1"}, platform=LOCAL) for name in ("a", "b")]
        names = [["docker.io/library/app:a"], ["docker.io/library/app:b"]]
        with (tmp_path / "images.tar").open("wb") as out:
            oci_archives(list(zip(images, names, strict=True)), blobs, out=out)

        with pytest.raises(NotFoundError) as caught:
            import_layout(workshop.store, tmp_path / "images.tar", LOCAL)

        assert caught.value.message == f"{tmp_path}/images.tar has no image with the tag latest"
        assert caught.value.hint == "the tags in it: a, b"


class TestDigest:
    """An image of a layout by its digest, which no name need lead to."""

    @pytest.fixture
    def layout(self, tmp_path: Path) -> tuple[Path, Image]:
        blobs = MemoryBlobs()
        image = make_image(blobs, {"a": b"1"}, platform=LOCAL)
        oci_directory(image, blobs, names=("docker.io/library/app:one",), destination=tmp_path / "layout")
        return tmp_path / "layout", image

    def test_it_names_a_manifest(self, workshop: Workshop, layout: tuple[Path, Image]) -> None:
        path, image = layout
        (path / "index.json").write_text('{"schemaVersion": 2, "manifests": []}')

        assert import_layout(workshop.store, Path(f"{path}@{image.digest}"), LOCAL) == image
        assert import_layout(workshop.store, Path(f"{path}:any@{image.digest}"), LOCAL) == image

    def test_or_an_index_with_one_for_the_platform(self, workshop: Workshop, layout: tuple[Path, Image]) -> None:
        path, image = layout
        index = Index((replace(image.descriptor, platform=LOCAL),)).serialize()
        digest = Digest.of(index)
        (path / "blobs/sha256" / digest.hex).write_bytes(index)

        assert import_layout(workshop.store, Path(f"{path}@{digest}"), LOCAL) == image

    def test_one_that_is_not_there_is_told(self, workshop: Workshop, layout: tuple[Path, Image]) -> None:
        path, _ = layout
        digest = Digest.of(b"nothing")

        with pytest.raises(NotFoundError) as caught:
            import_layout(workshop.store, Path(f"{path}@{digest}"), LOCAL)

        assert caught.value.message == f"{path} has no image {digest}"
        assert caught.value.hint == "its index.json lists what it has"

    def test_so_is_one_that_is_no_image(self, workshop: Workshop, layout: tuple[Path, Image]) -> None:
        path, image = layout

        with pytest.raises(ArchiveError) as caught:
            import_layout(workshop.store, Path(f"{path}@{image.manifest.layers[0].digest}"), LOCAL)

        assert f"{image.manifest.layers[0].digest} in {path} is no image" in caught.value.message

    def test_and_what_is_no_digest(self, workshop: Workshop, layout: tuple[Path, Image]) -> None:
        path, _ = layout

        with pytest.raises(NotFoundError) as caught:
            import_layout(workshop.store, Path(f"{path}@sha256:12"), LOCAL)

        assert caught.value.message == f"'sha256:12' is no digest of an image in {path}"
        assert caught.value.hint == "write oci-layout://DIRECTORY@sha256: and 64 hex digits"
