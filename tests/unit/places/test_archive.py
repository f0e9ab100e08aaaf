"""New archives: an OCI layout, and docker's form of one."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from fakes.places import MemorySource, both, one
from stagemill.errors import StagemillError
from stagemill.export.load import images
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference
from stagemill.places.archive import ArchiveTarget
from stagemill.places.copying import blobs_of
from stagemill.places.node import Node


def archive(source: MemorySource, *, docker: bool = False, tag: str = "", name: str = "") -> bytes:
    out = io.BytesIO()
    reference = Reference.parse(name) if name else None
    target = ArchiveTarget(out, docker=docker, tag=tag, reference=reference)
    write(source.node(), source, target)
    return out.getvalue()


def write(node: Node, source: MemorySource, target: ArchiveTarget) -> None:
    target.check(node)
    for blob in blobs_of(node.walk()):
        assert target.blob(blob, source, mounts=()) == "sent"
    for each in node.walk():
        if each.digest != node.digest:
            target.manifest(each)
    target.name(node)


def document(data: bytes, name: str) -> Any:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        file = tar.extractfile(name)
        assert file is not None
        return json.load(file)


@pytest.mark.parametrize("docker", [False, True])
def test_what_is_written_is_read_again(tmp_path: Path, docker: bool) -> None:
    source = both()
    (tmp_path / "a.tar").write_bytes(archive(source, docker=docker, name="app:1"))

    with images(tmp_path / "a.tar") as loaded:
        (found,) = loaded.images

    assert found.image.digest == source.node().digest
    assert found.names == ("docker.io/library/app:1",)


def test_equal_images_make_equal_bytes() -> None:
    assert archive(both(), docker=True, name="app:1") == archive(both(), docker=True, name="app:1")


def test_a_layout_has_the_tag_and_nothing_of_docker() -> None:
    data = archive(one(), tag="1.0")

    (entry,) = document(data, "index.json")["manifests"]
    assert entry["annotations"] == {"org.opencontainers.image.ref.name": "1.0"}
    with pytest.raises(KeyError):
        document(data, "manifest.json")


def test_dockers_part_names_this_machines_image_or_the_first() -> None:
    here = both(Platform("linux", "s390x"), Platform.local()).node().images()[1]
    other = both(Platform("linux", "s390x"), Platform("linux", "ppc64le")).node().images()[0]

    for source, image in (
        (both(Platform("linux", "s390x"), Platform.local()), here),
        (both(Platform("linux", "s390x"), Platform("linux", "ppc64le")), other),
    ):
        (entry,) = document(archive(source, docker=True, name="app:1"), "manifest.json")
        assert entry["Config"] == f"blobs/sha256/{image.config.digest.hex}"
        assert entry["Layers"] == [f"blobs/sha256/{image.blobs[0].digest.hex}"]
        assert entry["RepoTags"] == ["app:1"]


def test_docker_has_no_place_for_what_is_no_image() -> None:
    attestation = both().node().children[2]

    with pytest.raises(StagemillError, match="docker's archives keep images"):
        ArchiveTarget(io.BytesIO(), docker=True).check(attestation)
    ArchiveTarget(io.BytesIO(), docker=False).check(attestation)
