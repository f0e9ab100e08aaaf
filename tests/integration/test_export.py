"""What other programs make of our archives and layouts, and we of theirs."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from fakes.blobs import MemoryBlobs, make_image
from stagemill.digest import Digest
from stagemill.export.docker import docker_archive, docker_archives
from stagemill.export.load import images
from stagemill.export.oci import oci_archive, oci_directory
from stagemill.oci.blobs import BlobSource, chunks
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image import Image
from stagemill.oci.reference import Reference

FILES = {"etc/motd": b"hello\n", "usr/share/doc/readme": b"read me\n" * 5000}
LATER = {"etc/issue": b"ours\n", "etc/.wh.motd": b""}


@pytest.fixture
def blobs() -> MemoryBlobs:
    return MemoryBlobs()


@pytest.fixture
def image(blobs: MemoryBlobs) -> Image:
    return make_image(blobs, FILES, LATER, cmd=("/bin/sh", "-c", "true"))


def output(*args: str) -> str:
    return subprocess.run(args, capture_output=True, text=True, check=True, timeout=300).stdout


def read(source: BlobSource, descriptor: Descriptor) -> bytes:
    with source.open(descriptor) as reader:
        return b"".join(chunks(reader))


def inspected(skopeo: str, place: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(output(skopeo, "inspect", place))
    return found


@pytest.mark.parametrize("transport", ["oci-archive", "docker-archive"])
@pytest.mark.parametrize("compressed", [True, False])
def test_skopeo_reads_our_archives(
    skopeo: str, tmp_path: Path, blobs: MemoryBlobs, transport: str, compressed: bool
) -> None:
    image = make_image(blobs, FILES, LATER, cmd=("/bin/sh", "-c", "true"), compressed=compressed)
    with (tmp_path / "image.tar").open("wb") as out:
        docker_archive(image, blobs, names=["team/app:1.0"], out=out)
    place = f"{transport}:{tmp_path}/image.tar"

    output(skopeo, "copy", place, f"dir:{tmp_path}/copied")
    config = json.loads(output(skopeo, "inspect", "--config", place))

    assert config["rootfs"]["diff_ids"] == list(image.config.diff_ids)
    assert config["config"]["Cmd"] == ["/bin/sh", "-c", "true"]
    if transport == "oci-archive":
        assert inspected(skopeo, place)["Digest"] == image.digest
        assert (tmp_path / "copied/manifest.json").read_bytes() == image.manifest_bytes


def test_skopeo_reads_an_archive_of_ours_by_its_tag(
    skopeo: str, tmp_path: Path, image: Image, blobs: MemoryBlobs
) -> None:
    other = make_image(blobs, {"other": b""})
    with (tmp_path / "image.tar").open("wb") as out:
        docker_archives([(image, ["team/app:1.0"]), (other, ["team/app:2.0"])], blobs, out=out)

    first = inspected(skopeo, f"oci-archive:{tmp_path}/image.tar:1.0")
    second = json.loads(
        output(skopeo, "inspect", "--config", f"docker-archive:{tmp_path}/image.tar:docker.io/team/app:2.0")
    )

    assert first["Digest"] == image.digest
    assert second["rootfs"]["diff_ids"] == list(other.config.diff_ids)


def test_umoci_unpacks_our_layouts(umoci: str, tmp_path: Path, image: Image, blobs: MemoryBlobs) -> None:
    oci_directory(image, blobs, names=["team/app:1.0"], destination=tmp_path / "layout")

    rootless = [] if os.geteuid() == 0 else ["--rootless"]
    output(umoci, "unpack", *rootless, "--image", f"{tmp_path}/layout:1.0", f"{tmp_path}/bundle")

    rootfs = tmp_path / "bundle/rootfs"
    files = {str(path.relative_to(rootfs)): path.read_bytes() for path in rootfs.rglob("*") if path.is_file()}
    assert files == {"etc/issue": b"ours\n", "usr/share/doc/readme": FILES["usr/share/doc/readme"]}


def test_umoci_finds_nothing_to_collect_in_our_layouts(
    umoci: str, tmp_path: Path, image: Image, blobs: MemoryBlobs
) -> None:
    oci_directory(image, blobs, names=["team/app:1.0"], destination=tmp_path)
    before = sorted(os.listdir(tmp_path / "blobs/sha256"))

    output(umoci, "gc", "--layout", str(tmp_path))

    assert sorted(os.listdir(tmp_path / "blobs/sha256")) == before


@pytest.mark.parametrize(
    ("destination", "names", "tags"),
    [
        ("docker-archive:{}/their.tar:docker.io/team/app:1.0", ("docker.io/team/app:1.0",), ()),
        ("docker-archive:{}/their.tar", (), ()),
        ("oci-archive:{}/their.tar:1.0", (), ("1.0",)),
        ("oci-archive:{}/their.tar:x.example/app:1.0", ("x.example/app:1.0",), ("1.0",)),
        ("oci:{}/their.tar:1.0", (), ("1.0",)),
    ],
)
def test_we_read_what_skopeo_writes(
    skopeo: str,
    tmp_path: Path,
    image: Image,
    blobs: MemoryBlobs,
    destination: str,
    names: tuple[str, ...],
    tags: tuple[str, ...],
) -> None:
    with (tmp_path / "ours.tar").open("wb") as out:
        oci_archive(image, blobs, names=[], out=out)

    output(skopeo, "copy", f"oci-archive:{tmp_path}/ours.tar", destination.format(tmp_path))

    with images(tmp_path / "their.tar") as loaded:
        (found,) = loaded.images
        assert isinstance(found.image, Image)
        layers = [read(loaded.blobs, layer) for layer in found.image.manifest.layers]
    assert (found.names, found.tags) == (names, tags)
    assert found.image.config.diff_ids == image.config.diff_ids
    assert found.image.config.config == image.config.config
    assert [len(layer) for layer in layers] == [layer.size for layer in found.image.manifest.layers]
    assert [Digest.of(layer) for layer in layers] == [layer.digest for layer in found.image.manifest.layers]


def test_what_docker_reads_keeps_its_names(tmp_path: Path, image: Image, blobs: MemoryBlobs) -> None:
    with (tmp_path / "image.tar").open("wb") as out:
        docker_archive(image, blobs, names=["app", "x.example/app:2"], out=out)

    (entry,) = json.loads(output("tar", "-xOf", f"{tmp_path}/image.tar", "manifest.json"))

    assert [str(Reference.parse(tag)) for tag in entry["RepoTags"]] == [
        "docker.io/library/app:latest",
        "x.example/app:2",
    ]
