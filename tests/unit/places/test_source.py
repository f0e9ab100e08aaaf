"""The places that images are read from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.blobs import MemoryBlobs, make_image
from fakes.places import AMD64, ARM64, both, one
from fakes.registry import FakeRegistry
from fakes.workshop import Workshop
from stagemill.digest import Digest
from stagemill.errors import ArchiveError, NotFoundError, StagemillError
from stagemill.execute import base
from stagemill.export.bundle import DirectoryBundle
from stagemill.export.docker import docker_archives
from stagemill.export.load import images
from stagemill.export.oci import oci_directory
from stagemill.oci.blobs import chunks
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference
from stagemill.places import node
from stagemill.places.source import DockerSource, LayoutSource, RegistrySource, Source, StoreSource, small
from stagemill.registry.client import RegistryClient
from stagemill.registry.config import RegistryConfig
from stagemill.store.store import Store


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    with Store.open(tmp_path / "store") as store:
        yield Workshop(tmp_path, store)


def read(source: Source, platform: Platform | None = None) -> node.Node:
    found = node.read(source.top(platform), source.read, platform=platform, where="here")
    for each in found.walk():
        for blob in each.blobs:
            with source.open(blob) as reader:
                assert Digest.of(b"".join(chunks(reader))) == blob.digest
    return found


class TestRegistry:
    def test_an_index_with_all_that_is_in_it(self) -> None:
        source = both()
        with FakeRegistry() as registry, RegistryClient(RegistryConfig()) as client:
            registry.blobs = source.blobs
            for each in source.node().walk():
                registry.put_manifest("team/app", "1", each.data, media_type=each.media_type)
            name = Reference.parse(f"{registry.host}/team/app:1")

            found = read(RegistrySource(client, name))

            assert found == source.node()
            assert list(RegistrySource(client, name).repositories(Digest.of(b""), registry.host)) == ["team/app"]
            assert list(RegistrySource(client, name).repositories(Digest.of(b""), "other")) == []


class TestStore:
    def test_an_image_and_where_its_layers_came_from(self, workshop: Workshop) -> None:
        image = make_image(workshop.remote.blobs, {"a": b"1"})
        base.remember(workshop.store, image, reference="host.example/team/app:1")
        source = StoreSource(workshop.forms, image.descriptor)

        assert read(source).digest == image.digest
        assert list(source.repositories(image.manifest.layers[0].digest, "host.example")) == ["team/app"]
        assert list(source.repositories(image.manifest.layers[0].digest, "other.example")) == []

    def test_an_index_whose_images_are_not_all_here_is_told(self, workshop: Workshop) -> None:
        index = both().node()
        workshop.store.blobs.put(index.data)

        with pytest.raises(NotFoundError) as caught:
            read(StoreSource(workshop.forms, index.descriptor))

        assert caught.value.message == "the store lacks a part of the index: linux/amd64"
        assert "--platform" in str(caught.value.hint)


class TestLayout:
    def layout(self, path: Path, *names: str) -> tuple[LayoutSource, list[Digest]]:
        blobs, digests = MemoryBlobs(), []
        for name in names:
            image = make_image(blobs, {"a": name.encode()})
            oci_directory(image, blobs, names=[name] if name else [], destination=path)
            digests.append(image.digest)
        return LayoutSource(DirectoryBundle(path), "here"), digests

    def tagged(self, source: LayoutSource, tag: str = "", digest: Digest | None = None) -> LayoutSource:
        return LayoutSource(source.bundle, "here", tag, digest)

    def test_a_tag_a_whole_name_or_a_digest_says_which(self, tmp_path: Path) -> None:
        source, digests = self.layout(tmp_path, "app:1", "app:2", "app")

        assert read(self.tagged(source, "1")).digest == digests[0]
        assert read(self.tagged(source, "docker.io/library/app:2")).digest == digests[1]
        assert read(self.tagged(source, digest=digests[1])).digest == digests[1]
        assert read(source).digest == digests[2]

    def test_the_only_one_needs_none_and_comes_without_its_name(self, tmp_path: Path) -> None:
        source, (digest,) = self.layout(tmp_path, "app:other")

        found = read(source)

        assert found.digest == digest
        assert "annotations" not in found.entry

    def test_one_of_several_has_to_be_said(self, tmp_path: Path) -> None:
        source, _ = self.layout(tmp_path, "app:1", "app:2")

        with pytest.raises(NotFoundError) as several:
            read(source)
        with pytest.raises(NotFoundError) as none:
            read(self.tagged(source, "3"))
        with pytest.raises(NotFoundError) as lost:
            read(self.tagged(source, digest=Digest.of(b"?")))

        assert several.value.message == "here has 2 images and not one"
        assert "docker.io/library/app:1" in str(several.value.hint)
        assert none.value.message == "here has no image with the tag 3"
        assert lost.value.message == f"here has no image {Digest.of(b'?')}"

    def test_entries_of_one_tag_are_images_of_platforms(self, tmp_path: Path) -> None:
        blobs = MemoryBlobs()
        made = {each: make_image(blobs, {"a": str(each).encode()}, platform=each) for each in (AMD64, ARM64)}
        for image in made.values():
            oci_directory(image, blobs, names=[], destination=tmp_path)
        index = json.loads((tmp_path / "index.json").read_text())
        for entry in index["manifests"]:
            entry["annotations"] = {"org.opencontainers.image.ref.name": "1"}
        (tmp_path / "index.json").write_text(json.dumps(index))
        source = LayoutSource(DirectoryBundle(tmp_path), "here", "1")

        assert {each: read(source, each).digest for each in made} == {k: image.digest for k, image in made.items()}
        with pytest.raises(NotFoundError, match="here has 2 images with the tag 1 and not one"):
            read(source)

    @pytest.mark.parametrize("index", [None, "[]", '{"manifests": [1]}', '{"manifests": [{"digest": 1}]}'])
    def test_what_is_no_layout_is_told(self, tmp_path: Path, index: str | None) -> None:
        if index is not None:
            (tmp_path / "index.json").write_text(index)

        with pytest.raises(ArchiveError, match="here is no image layout"):
            read(LayoutSource(DirectoryBundle(tmp_path), "here"))


class TestDockerArchive:
    def archive(self, path: Path, *names: str) -> list[Digest]:
        blobs = MemoryBlobs()
        made = [make_image(blobs, {"a": name.encode()}) for name in names]
        with path.open("wb") as out:
            docker_archives([(image, [name]) for image, name in zip(made, names, strict=True)], blobs, out=out)
        return [image.digest for image in made]

    def test_a_name_says_which(self, tmp_path: Path) -> None:
        digests = self.archive(tmp_path / "a.tar", "app:1", "app:2")

        with images(tmp_path / "a.tar") as loaded:
            assert read(DockerSource(loaded, where="a.tar", name=Reference.parse("app:2"))).digest == digests[1]
            with pytest.raises(NotFoundError) as several:
                DockerSource(loaded, where="a.tar").top(None)
            with pytest.raises(NotFoundError) as none:
                DockerSource(loaded, where="a.tar", name=Reference.parse("app:3")).top(None)

        assert several.value.message == "a.tar has 2 images, and not one"
        assert several.value.hint == "write docker-archive:a.tar:NAME; the names in it: app:1, app:2"
        assert none.value.message == "a.tar has no image app:3"

    def test_the_only_one_needs_no_name(self, tmp_path: Path) -> None:
        (digest,) = self.archive(tmp_path / "a.tar", "app:1")

        with images(tmp_path / "a.tar") as loaded:
            assert read(DockerSource(loaded, where="a.tar")).digest == digest


def test_a_manifest_that_is_not_its_digest_is_refused(tmp_path: Path) -> None:
    source = one()
    blobs = tmp_path / "blobs/sha256"
    blobs.mkdir(parents=True)
    digest = source.node().digest
    (blobs / digest.hex).write_bytes(source.node().data.replace(b"2", b"3"))

    with pytest.raises(StagemillError, match="is not what its name says"):
        read(LayoutSource(DirectoryBundle(tmp_path), "here", digest=digest))


def test_what_is_not_small_is_not_read_whole() -> None:
    source = one()
    config = source.node().config

    assert Digest.of(small(source, config)) == config.digest
    with pytest.raises(StagemillError, match=f"the blob {config.digest} has {config.size} bytes"):
        small(source, config, limit=config.size - 1)
