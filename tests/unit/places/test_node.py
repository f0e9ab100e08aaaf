"""Manifests and indexes with all that they reach."""

from __future__ import annotations

import json

import pytest

from fakes.blobs import MemoryBlobs
from fakes.places import AMD64, ARM64, MemorySource, both, one, put
from stagemill.digest import Digest
from stagemill.errors import NotFoundError, StagemillError
from stagemill.oci import media_types
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.platform import Platform
from stagemill.places import node
from stagemill.places.node import Node


def test_an_index_is_read_whole_what_is_named_before_what_names_it() -> None:
    read = both().node()

    assert [each.is_index for each in read.walk()] == [False] * 4 + [True]
    assert [each.is_image for each in read.walk()] == [True, True, False, False, False]
    assert [each.descriptor.platform for each in read.images()] == [AMD64, ARM64]


def test_of_a_platform_nothing_else_is_asked_for() -> None:
    source = both()
    asked: list[Digest] = []

    def fetch(descriptor: Descriptor) -> bytes:
        asked.append(descriptor.digest)
        return source.read(descriptor)

    read = node.read(source.entry, fetch, platform=ARM64, where="memory")

    assert read.descriptor.platform == ARM64
    assert len(asked) == 2


def test_blobs_are_the_layers_and_the_config_and_no_foreign_layers() -> None:
    source = one()
    manifest = json.loads(source.node().data)
    foreign = {"mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "digest": Digest.of(b"x")}
    manifest["layers"].append({**foreign, "size": 1, "urls": ["https://example.com"]})

    read = Node.of(json.dumps(manifest).encode(), media_types.MANIFEST)

    assert [blob.digest for blob in read.blobs] == [manifest["layers"][0]["digest"], manifest["config"]["digest"]]


def test_a_platform_that_is_not_there_is_told() -> None:
    with pytest.raises(NotFoundError) as caught:
        both().node(Platform("linux", "s390x"))

    assert caught.value.message == "memory has no image for linux/s390x"
    assert caught.value.hint == "it has linux/amd64, linux/arm64: choose one with --platform"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"<html>", "is no JSON"),
        (b'{"schemaVersion": 1, "fsLayers": []}', "old format (schema 1)"),
        (b'{"schemaVersion": 2}', "is no manifest"),
        (b'{"schemaVersion": 2, "config": {}, "manifests": []}', "a manifest and an index at once"),
        (b'{"mediaType": "application/vnd.oci.image.index.v1+json", "layers": []}', "a manifest and an index at once"),
        (b'{"schemaVersion": 2, "config": {"digest": "md5:1", "size": 1}}', "not a sha256 digest"),
    ],
)
def test_what_cannot_be_read_is_told(data: bytes, why: str) -> None:
    blobs = MemoryBlobs()

    with pytest.raises(StagemillError) as caught:
        MemorySource({"digest": blobs.put(data), "size": len(data)}, blobs).node()

    assert caught.value.message.startswith("memory holds no image that can be read: ")
    assert why in caught.value.message


def test_an_index_in_itself_ends() -> None:
    source = one()
    entry = source.entry
    for _ in range(node.DEEPEST + 1):
        index = {"schemaVersion": 2, "mediaType": media_types.INDEX, "manifests": [entry]}
        entry = put(source.blobs, index)

    with pytest.raises(StagemillError, match="an index in an index in an index"):
        MemorySource(entry, source.blobs).node()


def test_the_image_for_a_platform_is_picked() -> None:
    read, single = both().node(), one().node()

    assert [read.pick(platform) for platform in (AMD64, ARM64)] == list(read.images())
    assert read.pick(Platform("linux", "s390x")) is None
    assert single.pick(ARM64) == single
