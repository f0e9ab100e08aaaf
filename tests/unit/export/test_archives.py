"""Archives and layouts that we write."""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from fakes.blobs import MemoryBlobs, make_image
from stagemill.digest import Digest
from stagemill.errors import CorruptError, NotFoundError, StagemillError
from stagemill.export.docker import docker_archive, docker_archives
from stagemill.export.oci import oci_archive, oci_archives, oci_directory
from stagemill.oci.image import Image
from stagemill.store.store import Store

LAYOUT = b'{"imageLayoutVersion":"1.0.0"}'
WRITERS = [oci_archive, docker_archive]


def unpacked(data: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        files = ((member.name, archive.extractfile(member)) for member in archive if member.isreg())
        return {name: file.read() for name, file in files if file}


def entries(files: Mapping[str, bytes]) -> list[tuple[str, str | None, str | None]]:
    """Digest, name and tag of each entry of the index."""
    found = []
    for entry in json.loads(files["index.json"])["manifests"]:
        named = entry.get("annotations", {})
        name, tag = named.get("io.containerd.image.name"), named.get("org.opencontainers.image.ref.name")
        found.append((entry["digest"], name, tag))
    return found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store") as opened:
        yield opened


class Full(io.BytesIO):
    def write(self, _data: object) -> int:
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("write", WRITERS)
class TestBoth:
    def test_every_blob_is_there_once_under_its_digest(self, write: Callable[..., None]) -> None:
        blobs = MemoryBlobs()
        image = make_image(blobs, {"a": b"1"}, {"b": b"2"}, {"a": b"1"})
        out = io.BytesIO()

        write(image, blobs, names=["app:1"], out=out)

        files = unpacked(out.getvalue())
        inside = {name: data for name, data in files.items() if name.startswith("blobs/")}
        assert inside == {f"blobs/sha256/{digest.hex}": data for digest, data in blobs.data.items()}
        assert files["oci-layout"] == LAYOUT

    def test_each_name_has_an_entry_in_the_index(self, write: Callable[..., None]) -> None:
        blobs = MemoryBlobs()
        image = make_image(blobs, {"a": b"1"})
        out = io.BytesIO()

        write(image, blobs, names=["app", "registry.example/app:2", "app:latest"], out=out)

        assert entries(unpacked(out.getvalue())) == [
            (image.digest, "docker.io/library/app:latest", "latest"),
            (image.digest, "registry.example/app:2", "2"),
        ]

    def test_an_image_without_a_name_has_one_entry(self, write: Callable[..., None]) -> None:
        blobs = MemoryBlobs()
        image = make_image(blobs, {"a": b"1"})
        out = io.BytesIO()

        write(image, blobs, names=[], out=out)

        assert entries(unpacked(out.getvalue())) == [(image.digest, None, None)]

    def test_the_same_image_makes_the_same_bytes(self, write: Callable[..., None]) -> None:
        blobs = MemoryBlobs()
        image = make_image(blobs, {"a": b"1"}, {"b": b"2"})
        outs = [io.BytesIO(), io.BytesIO()]

        for out in outs:
            write(image, blobs, names=["app"], out=out)

        assert outs[0].getvalue() == outs[1].getvalue()
        with tarfile.open(fileobj=io.BytesIO(outs[0].getvalue())) as archive:
            members = archive.getmembers()
        assert [member.name for member in members] == sorted(member.name for member in members)
        assert {(member.mtime, member.uid, member.gid, member.uname) for member in members} == {(0, 0, 0, "")}
        assert {member.mode for member in members if member.isreg()} == {0o644}

    def test_a_name_that_is_none_is_refused(self, write: Callable[..., None]) -> None:
        blobs = MemoryBlobs()
        image = make_image(blobs, {"a": b"1"})

        with pytest.raises(StagemillError) as caught:
            write(image, blobs, names=["App"], out=io.BytesIO())

        assert caught.value.message == "'App' is no image reference: repository names are in lower case"
        assert caught.value.hint == "name images like registry/repository:tag"

    def test_a_full_disk_is_told(self, write: Callable[..., None]) -> None:
        blobs = MemoryBlobs()
        image = make_image(blobs, {"a": b"1"})

        with pytest.raises(StagemillError) as caught:
            write(image, blobs, names=[], out=Full())

        assert caught.value.message == "cannot write the archive: No space left on device"
        assert caught.value.hint == "make room, or choose another place with dest="

    def test_a_missing_layer_is_told(self, write: Callable[..., None]) -> None:
        blobs = MemoryBlobs()
        image = make_image(blobs, {"a": b"1"})
        del blobs.data[image.manifest.layers[0].digest]

        with pytest.raises(NotFoundError):
            write(image, blobs, names=[], out=io.BytesIO())

    def test_wrong_bytes_do_not_get_into_an_archive_unnoticed(self, write: Callable[..., None]) -> None:
        blobs = MemoryBlobs()
        image = make_image(blobs, {"a": b"1"})
        digest = image.manifest.layers[0].digest
        blobs.data[digest] = bytes(len(blobs.data[digest]))

        with pytest.raises(CorruptError):
            write(image, blobs, names=[], out=io.BytesIO())


class TestDocker:
    def test_the_manifest_names_config_layers_and_tags(self) -> None:
        blobs = MemoryBlobs()
        image = make_image(blobs, {"a": b"1"}, {"b": b"2"})
        out = io.BytesIO()

        docker_archive(image, blobs, names=["app", f"x.example/app@{image.digest}", "x.example/app:2"], out=out)

        assert json.loads(unpacked(out.getvalue())["manifest.json"]) == [
            {
                "Config": f"blobs/sha256/{image.manifest.config.digest.hex}",
                "RepoTags": ["app:latest", "x.example/app:2"],
                "Layers": [f"blobs/sha256/{layer.digest.hex}" for layer in image.manifest.layers],
            }
        ]

    def test_several_images_share_an_archive_and_their_layers(self) -> None:
        blobs = MemoryBlobs()
        one, two = make_image(blobs, {"a": b"1"}), make_image(blobs, {"a": b"1"}, {"b": b"2"})
        out = io.BytesIO()

        docker_archives([(one, ["one"]), (two, ["two"]), (one, ["uno"])], blobs, out=out)

        files = unpacked(out.getvalue())
        tags = [entry["RepoTags"] for entry in json.loads(files["manifest.json"])]
        assert tags == [["one:latest", "uno:latest"], ["two:latest"]]
        assert [entry[0] for entry in entries(files)] == [one.digest, one.digest, two.digest]
        assert len([name for name in files if name.startswith("blobs/")]) == len(blobs.data)


def test_several_images_share_a_layout_archive() -> None:
    blobs = MemoryBlobs()
    one, two = make_image(blobs, {"a": b"1"}), make_image(blobs, {"b": b"2"})
    out = io.BytesIO()

    oci_archives([(one, ["one"]), (two, [])], blobs, out=out)

    assert entries(unpacked(out.getvalue())) == [
        (one.digest, "docker.io/library/one:latest", "latest"),
        (two.digest, None, None),
    ]


class TestFromAStore:
    """Large blobs of a store are copied past this process."""

    @pytest.fixture
    def image(self, store: Store) -> Image:
        blobs = MemoryBlobs()
        image = make_image(blobs, {"large": os.urandom(1 << 20)}, {"small": b"1"})
        for data in blobs.data.values():
            store.blobs.put(data)
        return image

    @pytest.mark.parametrize("write", WRITERS)
    def test_a_file_has_the_same_bytes_as_any_other_stream(
        self, write: Callable[..., None], store: Store, image: Image, tmp_path: Path
    ) -> None:
        anything = io.BytesIO()

        write(image, store.blobs, names=["app:1"], out=anything)
        with (tmp_path / "out").open("wb") as file:
            write(image, store.blobs, names=["app:1"], out=file)

        assert (tmp_path / "out").read_bytes() == anything.getvalue()

    def test_a_layout_in_a_directory_has_what_an_archive_has(self, store: Store, image: Image, tmp_path: Path) -> None:
        anything = io.BytesIO()

        oci_archive(image, store.blobs, names=["app:1"], out=anything)
        oci_directory(image, store.blobs, names=["app:1"], destination=tmp_path / "layout")

        assert TestDirectory().files(tmp_path / "layout") == unpacked(anything.getvalue())

    def test_a_torn_blob_does_not_come_into_a_directory(self, store: Store, image: Image, tmp_path: Path) -> None:
        torn = image.manifest.layers[0].digest
        with store.blobs.path(torn).open("r+b") as blob:
            blob.write(b"?")

        with pytest.raises(CorruptError):
            oci_directory(image, store.blobs, names=[], destination=tmp_path / "layout")

        there = {path.name for path in (tmp_path / "layout/blobs/sha256").iterdir()}
        assert torn.hex not in there
        assert not {name for name in there if name.startswith(".")}

    def test_a_disk_that_is_full_by_then_is_told(self, store: Store, image: Image) -> None:
        with Path("/dev/full").open("wb", buffering=0) as full:

            class Filling(io.BytesIO):
                def fileno(self) -> int:
                    return full.fileno()

            with pytest.raises(StagemillError, match="cannot write the archive: No space left on device") as caught:
                oci_archive(image, store.blobs, names=[], out=Filling())

        assert caught.value.hint == "make room, or choose another place with dest="

    def test_a_torn_blob_is_no_archive(self, store: Store, image: Image, tmp_path: Path) -> None:
        with store.blobs.path(image.manifest.layers[0].digest).open("r+b") as blob:
            blob.seek(1000)
            blob.write(b"?")

        with pytest.raises(CorruptError), (tmp_path / "out").open("wb") as out:
            oci_archive(image, store.blobs, names=[], out=out)


class TestDirectory:
    def files(self, root: Path) -> dict[str, bytes]:
        return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}

    def test_a_layout_has_what_an_archive_has(self, tmp_path: Path) -> None:
        blobs = MemoryBlobs()
        image = make_image(blobs, {"a": b"1"}, {"b": b"2"})
        out = io.BytesIO()

        oci_directory(image, blobs, names=["app"], destination=tmp_path / "new/layout")
        oci_archive(image, blobs, names=["app"], out=out)

        assert self.files(tmp_path / "new/layout") == unpacked(out.getvalue())

    def test_a_new_image_takes_the_name_and_leaves_the_others(self, tmp_path: Path) -> None:
        blobs = MemoryBlobs()
        old, new = make_image(blobs, {"a": b"1"}), make_image(blobs, {"a": b"2"})
        oci_directory(old, blobs, names=["app:1", "app:2"], destination=tmp_path)

        oci_directory(new, blobs, names=["app:1"], destination=tmp_path)

        assert entries(self.files(tmp_path)) == [
            (old.digest, "docker.io/library/app:2", "2"),
            (new.digest, "docker.io/library/app:1", "1"),
        ]

    def test_a_tag_means_one_image_of_a_layout(self, tmp_path: Path) -> None:
        blobs = MemoryBlobs()
        old, new = make_image(blobs, {"a": b"1"}), make_image(blobs, {"a": b"2"})
        oci_directory(old, blobs, names=["one"], destination=tmp_path)

        oci_directory(new, blobs, names=["two"], destination=tmp_path)

        assert entries(self.files(tmp_path)) == [(new.digest, "docker.io/library/two:latest", "latest")]

    def test_the_same_image_again_changes_nothing(self, tmp_path: Path) -> None:
        blobs = MemoryBlobs()
        image = make_image(blobs, {"a": b"1"})
        oci_directory(image, blobs, names=[], destination=tmp_path)
        before = self.files(tmp_path)

        oci_directory(image, MemoryBlobs(), names=[], destination=tmp_path)

        assert self.files(tmp_path) == before

    def test_a_broken_write_leaves_no_half_a_blob(self, tmp_path: Path) -> None:
        blobs = MemoryBlobs()
        image = make_image(blobs, {"a": b"1"})
        digest = image.manifest.layers[0].digest
        blobs.data[digest] = b"x" * len(blobs.data[digest])

        with pytest.raises(CorruptError):
            oci_directory(image, blobs, names=[], destination=tmp_path)

        names = {path.name for path in (tmp_path / "blobs/sha256").iterdir()}
        assert digest.hex not in names
        assert not {name for name in names if name.startswith(".")}
        assert not (tmp_path / "index.json").exists()

    def test_an_index_that_is_none_is_not_overwritten(self, tmp_path: Path) -> None:
        (tmp_path / "index.json").write_text("mine")
        blobs = MemoryBlobs()
        image = make_image(blobs, {"a": b"1"})

        with pytest.raises(StagemillError, match="is no index of an image layout") as caught:
            oci_directory(image, blobs, names=[], destination=tmp_path)

        assert caught.value.hint == "remove the directory, or choose another one"
        assert (tmp_path / "index.json").read_text() == "mine"

    def test_a_destination_that_is_a_file_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("mine")
        blobs = MemoryBlobs()
        image = make_image(blobs, {"a": b"1"})

        with pytest.raises(StagemillError) as caught:
            oci_directory(image, blobs, names=[], destination=tmp_path / "file")

        assert "Not a directory" in caught.value.message


def test_a_digest_names_an_entry_without_a_tag() -> None:
    blobs = MemoryBlobs()
    image = make_image(blobs, {"a": b"1"})
    out = io.BytesIO()

    oci_archive(image, blobs, names=[f"x.example/app@{image.digest}"], out=out)

    assert entries(unpacked(out.getvalue())) == [(image.digest, f"x.example/app@{Digest(image.digest)}", None)]
