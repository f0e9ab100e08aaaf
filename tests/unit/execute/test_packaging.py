"""The form of an image's blobs: compression, and media types; and that a base keeps its own."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard

from fakes.blobs import make_image
from fakes.workshop import Workshop
from stagemill.errors import CorruptError
from stagemill.execute import base
from stagemill.execute.assemble import Finish
from stagemill.execute.packaging import Packaging
from stagemill.execute.shipping import StoredBlobs
from stagemill.execute.tree import Trees
from stagemill.layer.compression import Compression
from stagemill.oci import media_types
from stagemill.oci.blobs import chunks
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image import Image
from stagemill.store.prune import Wish, prune
from stagemill.store.store import Store

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]

NAME = "registry.example/team/base:1"
DOCKERFILE = f"FROM {NAME}\nCOPY app /app\n"
ZSTD = Compression("zstd")


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    with Store.open(tmp_path / "store") as store:
        yield Workshop(tmp_path, store)


@pytest.fixture
def begins(workshop: Workshop) -> Image:
    """A base in a registry, of one layer of gzip."""
    made = make_image(workshop.remote.blobs, {"etc/motd": b"hello" * 1000})
    workshop.remote.images[NAME] = made
    return made


def image(workshop: Workshop, packaging: Packaging, *, dockerfile: str = DOCKERFILE) -> Image:
    return workshop.build(dockerfile, files={"app": "binary" * 1000}).image(Finish(packaging=packaging))


def kinds(made: Image) -> list[str]:
    return [layer.media_type.rpartition(".")[2] for layer in made.manifest.layers]


def content(workshop: Workshop, blob: Descriptor) -> bytes:
    with StoredBlobs(workshop.forms).open(blob) as reader:
        return b"".join(chunks(reader))


def test_the_images_own_layers_are_compressed_as_asked_and_the_bases_keep_theirs(
    workshop: Workshop, begins: Image
) -> None:
    usual, made = image(workshop, Packaging()), image(workshop, Packaging(ZSTD))

    assert made.manifest.layers[0] == begins.manifest.layers[0]
    assert kinds(made) == ["tar+gzip", "tar+zstd"]
    assert made.config.diff_ids == usual.config.diff_ids
    tar = zstandard.ZstdDecompressor().decompressobj().decompress(content(workshop, made.manifest.layers[1]))
    assert tar == zlib.decompress(content(workshop, usual.manifest.layers[1]), wbits=31)


@pytest.mark.parametrize("how", [ZSTD, Compression("zstd", 19), Compression("gzip", 9), Compression("uncompressed")])
def test_where_it_is_forced_the_bases_have_it_too_and_the_same_tar(
    workshop: Workshop, begins: Image, how: Compression
) -> None:
    made = image(workshop, Packaging(how, force=True))

    assert {layer.media_type for layer in made.manifest.layers} == {how.media_type}
    assert made.config.diff_ids[:1] == begins.config.diff_ids


def test_forced_into_what_it_is_a_base_stays_as_it_is_and_is_not_fetched(workshop: Workshop, begins: Image) -> None:
    made = image(workshop, Packaging(Compression("gzip"), force=True), dockerfile=f"FROM {NAME}\n")

    assert made.manifest.layers == begins.manifest.layers
    assert not workshop.store.blobs.has(begins.manifest.layers[0])


def test_a_form_is_made_once_and_found_by_the_next_build(
    workshop: Workshop, begins: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = image(workshop, Packaging(ZSTD, force=True))
    monkeypatch.setattr("stagemill.layer.compression._compressor", None)

    assert image(workshop, Packaging(ZSTD, force=True)).manifest == first.manifest


@pytest.mark.usefixtures("begins")
def test_prune_keeps_what_steps_need_and_takes_it_with_them(workshop: Workshop) -> None:
    made = image(workshop, Packaging(ZSTD, force=True))
    blobs = [layer.digest for layer in made.manifest.layers]

    def left(wish: Wish) -> list[bool]:
        prune(workshop.store, wish, layers_of=Trees().pairs, now=4e9)
        return [bool(workshop.store.blobs.used(blob)) for blob in blobs]

    assert left(Wish(until=0.0)) == [True, True]
    assert len(workshop.store.links.variants()) == 2
    assert left(Wish()) == [False, False]
    assert workshop.store.links.variants() == []


@pytest.mark.usefixtures("begins")
def test_a_blob_that_was_lost_is_made_again(workshop: Workshop) -> None:
    made = image(workshop, Packaging(Compression("zstd", 7), force=True))
    before = [content(workshop, layer) for layer in made.manifest.layers]
    for layer in made.manifest.layers:
        workshop.store.blobs.remove(layer.digest)

    assert [content(workshop, layer) for layer in made.manifest.layers] == before


def test_a_base_that_is_not_what_it_says_is_not_recompressed(workshop: Workshop) -> None:
    good, other = (make_image(workshop.remote.blobs, {"a": text}) for text in (b"1", b"2"))
    workshop.remote.images[NAME] = Image.build(good.config, other.manifest.layers)

    with pytest.raises(CorruptError) as caught:
        image(workshop, Packaging(ZSTD, force=True), dockerfile=f"FROM {NAME}\n")

    assert "is not the tar" in caught.value.message


def test_times_are_clamped_in_any_form(workshop: Workshop) -> None:
    built = workshop.build("FROM scratch\nCOPY app /\n", files={"app": "x"})

    usual, made = (built.image(Finish(1, times="clamped", packaging=Packaging(how))) for how in (None, ZSTD))

    assert made.config.diff_ids == usual.config.diff_ids
    assert kinds(made) == ["tar+zstd"]


def test_two_bases_with_the_same_tar_in_other_blobs_are_each_kept(workshop: Workshop, begins: Image) -> None:
    image(workshop, Packaging())
    zstd = image(workshop, Packaging(ZSTD, force=True), dockerfile=f"FROM {NAME}\n")
    other = "registry.example/team/base:zstd"
    for layer in zstd.manifest.layers:
        workshop.remote.blobs.data[layer.digest] = content(workshop, layer)
    workshop.remote.images[other] = zstd

    made = image(workshop, Packaging(), dockerfile=DOCKERFILE.replace(NAME, other))

    assert made.manifest.layers[0] == zstd.manifest.layers[0]
    assert made.config.diff_ids[0] == begins.config.diff_ids[0]


class TestMediaTypes:
    def test_dockers_are_those_of_schema_2(self, workshop: Workshop, begins: Image) -> None:
        usual, made = image(workshop, Packaging()), image(workshop, Packaging(docker=True))

        assert made.manifest.media_type == media_types.DOCKER_MANIFEST
        assert made.manifest.config.media_type == media_types.DOCKER_CONFIG
        assert {layer.media_type for layer in made.manifest.layers} == {media_types.DOCKER_LAYER_GZIP}
        assert [layer.digest for layer in made.manifest.layers] == [layer.digest for layer in usual.manifest.layers]
        assert made.config_bytes == usual.config_bytes
        assert base.read_image(workshop.store, made.digest) == made
        assert begins.manifest.media_type == media_types.MANIFEST

    @pytest.mark.usefixtures("begins")
    def test_a_base_in_dockers_is_in_ocis_in_an_image_that_is(self, workshop: Workshop) -> None:
        workshop.remote.images[NAME] = image(workshop, Packaging(docker=True), dockerfile=f"FROM {NAME}\n")

        assert {layer.media_type for layer in image(workshop, Packaging()).manifest.layers} == {media_types.LAYER_GZIP}

    def test_docker_has_one_for_zstd_as_buildkit_writes_it(self, workshop: Workshop, begins: Image) -> None:
        made = image(workshop, Packaging(ZSTD, force=True, docker=True))

        assert {layer.media_type for layer in made.manifest.layers} == {media_types.DOCKER_LAYER_ZSTD}
        assert made.config.diff_ids[:1] == begins.config.diff_ids

    def test_a_layer_that_was_not_to_be_distributed_is_one_like_all_others(self, workshop: Workshop) -> None:
        foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
        made = make_image(workshop.remote.blobs, {"a": b"1"})
        layers = tuple(replace(layer, media_type=foreign) for layer in made.manifest.layers)
        workshop.remote.images[NAME] = Image.build(made.config, layers)

        oci, docker = (image(workshop, Packaging(docker=docker)) for docker in (False, True))

        assert [layer.digest for layer in layers] == [oci.manifest.layers[0].digest]
        assert {layer.media_type for layer in oci.manifest.layers} == {media_types.LAYER_GZIP}
        assert {layer.media_type for layer in docker.manifest.layers} == {media_types.DOCKER_LAYER_GZIP}
