"""Manifests and indexes."""

from __future__ import annotations

import json

import pytest

from stagemill.digest import Digest
from stagemill.oci import media_types
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.document import MalformedError
from stagemill.oci.manifest import Index, Manifest
from stagemill.oci.platform import Platform

CONFIG = Descriptor(media_types.CONFIG, Digest.of(b"c"), 1)
LAYER = Descriptor(media_types.LAYER_GZIP, Digest.of(b"l"), 2)


def test_a_manifest_is_read_as_it_was_written() -> None:
    manifest = Manifest(CONFIG, (LAYER, LAYER), annotations={"b": "1", "a": "2"})

    assert Manifest.parse(manifest.serialize()) == manifest
    assert list(json.loads(manifest.serialize())) == ["schemaVersion", "mediaType", "config", "layers", "annotations"]
    assert list(json.loads(manifest.serialize())["annotations"]) == ["a", "b"]


def test_an_index_is_read_as_it_was_written() -> None:
    entry = Descriptor(media_types.MANIFEST, Digest.of(b"m"), 3, {"n": "x"}, Platform("linux", "amd64"))
    index = Index((entry,), annotations={"a": "1"})

    assert Index.parse(index.serialize()) == index


def test_dockers_schema_two_is_read_with_its_own_media_type() -> None:
    data = Manifest(CONFIG, (), media_type=media_types.DOCKER_MANIFEST).serialize()

    assert Manifest.parse(data).media_type == media_types.DOCKER_MANIFEST


def test_without_a_media_type_it_is_ocis() -> None:
    assert Manifest.parse(json.dumps({"config": CONFIG.to_json(), "layers": []}).encode()).media_type == (
        media_types.MANIFEST
    )
    assert Index.parse(b'{"manifests": []}').media_type == media_types.INDEX


def test_bytes_of_a_manifest_stay_as_they_are() -> None:
    assert Manifest(CONFIG, ()).serialize() == (
        b'{\n  "schemaVersion": 2,\n  "mediaType": "application/vnd.oci.image.manifest.v1+json",\n  "config": {\n'
        b'    "mediaType": "application/vnd.oci.image.config.v1+json",\n'
        b'    "digest": "sha256:2e7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6",\n    "size": 1\n  },\n'
        b'  "layers": []\n}'
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"schemaVersion": 1}', "image manifest has schema version 1, which is no longer read"),
        (b"{}", "'digest' is None, not a string"),
        (b"x", "image manifest is no JSON: Expecting value: line 1 column 1 (char 0)"),
        (b'{"config": []}', "'config' is [], not an object"),
    ],
)
def test_what_is_no_manifest_is_an_error(data: bytes, message: str) -> None:
    with pytest.raises(MalformedError) as caught:
        Manifest.parse(data)

    assert str(caught.value) == message


def test_what_is_no_index_is_an_error() -> None:
    with pytest.raises(MalformedError, match="'manifests' holds 1, not an object"):
        Index.parse(b'{"manifests": [1]}')
