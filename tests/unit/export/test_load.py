"""Images from archives and layouts that others wrote."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import tarfile
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard

from fakes.blobs import AMD64, MemoryBlobs, make_image, make_tar
from stagemill.digest import Digest
from stagemill.errors import ArchiveError, CorruptError, NotFoundError
from stagemill.export.docker import docker_archive
from stagemill.export.load import images
from stagemill.export.loaded import LoadedImage
from stagemill.export.oci import oci_archive, oci_directory
from stagemill.oci import media_types
from stagemill.oci.blobs import Reader, chunks
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image import Image
from stagemill.oci.image_index import ImageIndex, members, platforms
from stagemill.oci.manifest import Index
from stagemill.oci.platform import Platform

ARM64 = Platform("linux", "arm64")
DAMAGED = "the archive is damaged, or was cut short; fetch or make it again"


def loaded(path: Path, platform: Platform | None = None) -> tuple[LoadedImage, ...]:
    with images(path, platform=platform) as found:
        return found.images


def layers(path: Path) -> list[bytes]:
    """The bytes of all layers of the first image."""
    with images(path) as found:
        return [
            content(found.blobs.open(layer))
            for image in members(found.images[0].image)
            for layer in image.manifest.layers
        ]


def content(opened: AbstractContextManager[Reader]) -> bytes:
    with opened as reader:
        return b"".join(chunks(reader))


def archive(path: Path, files: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> Path:
    with tarfile.open(path, "w") as out:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            out.addfile(info, io.BytesIO(data))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            out.addfile(info)
    return path


def layout(root: Path, blobs: MemoryBlobs, *entries: Descriptor) -> Path:
    (root / "blobs/sha256").mkdir(parents=True)
    for digest, data in blobs.data.items():
        (root / "blobs/sha256" / digest.hex).write_bytes(data)
    (root / "index.json").write_bytes(Index(entries).serialize())
    return root


def named(descriptor: Descriptor, **annotations: str) -> Descriptor:
    keys = {"name": "io.containerd.image.name", "tag": "org.opencontainers.image.ref.name"}
    return replace(descriptor, annotations={keys[key]: value for key, value in annotations.items()})


def index_of(blobs: MemoryBlobs, *entries: Descriptor) -> Descriptor:
    data = Index(entries).serialize()
    return Descriptor(media_types.INDEX, blobs.put(data), len(data))


def sample() -> tuple[MemoryBlobs, Image]:
    blobs = MemoryBlobs()
    return blobs, make_image(blobs, {"a": b"1" * 1000}, {"b": b"2"})


class TestOwnArchives:
    @pytest.mark.parametrize("write", [oci_archive, docker_archive])
    def test_what_we_write_we_read(self, tmp_path: Path, write: Callable[..., None]) -> None:
        blobs, image = sample()
        with (tmp_path / "a.tar").open("wb") as out:
            write(image, blobs, names=["app:1", "x.example/app:2"], out=out)

        assert loaded(tmp_path / "a.tar") == (
            LoadedImage(("docker.io/library/app:1", "x.example/app:2"), ("1", "2"), image),
        )
        assert layers(tmp_path / "a.tar") == [blobs.read(layer.digest) for layer in image.manifest.layers]

    def test_a_layout_directory_is_read(self, tmp_path: Path) -> None:
        blobs, image = sample()
        oci_directory(image, blobs, names=["app:1"], destination=tmp_path)

        assert loaded(tmp_path) == (LoadedImage(("docker.io/library/app:1",), ("1",), image),)
        assert layers(tmp_path) == [blobs.read(layer.digest) for layer in image.manifest.layers]

    @pytest.mark.parametrize(
        "compress",
        [gzip.compress, bz2.compress, lzma.compress, zstandard.ZstdCompressor().compress],
        ids=["gzip", "bzip2", "xz", "zstd"],
    )
    def test_a_compressed_archive_is_read(self, tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
        blobs, image = sample()
        out = io.BytesIO()
        docker_archive(image, blobs, names=["app"], out=out)
        (tmp_path / "a.any").write_bytes(compress(out.getvalue()))
        scratch = tmp_path / "scratch"
        scratch.mkdir()

        with images(tmp_path / "a.any", scratch=scratch) as found:
            assert found.images[0].image == image
            assert len(os.listdir(scratch)) == 1
        assert os.listdir(scratch) == []

    def test_an_archive_may_come_through_a_pipe(self, tmp_path: Path) -> None:
        blobs, image = sample()
        out = io.BytesIO()
        docker_archive(image, blobs, names=["app"], out=out)
        os.mkfifo(tmp_path / "pipe")
        writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(out.getvalue(),))
        writer.start()

        found = loaded(tmp_path / "pipe")

        writer.join()
        assert found[0].image == image


class TestLayouts:
    def test_an_index_comes_whole_where_no_platform_is_asked_for(self, tmp_path: Path) -> None:
        blobs = MemoryBlobs()
        both = [make_image(blobs, {"a": b"1"}, platform=platform) for platform in (AMD64, ARM64)]
        inner = index_of(blobs, *(image.descriptor for image in both))
        root = layout(tmp_path, blobs, named(inner, name="docker.io/library/app:1", tag="1"))

        (found,) = loaded(root)

        assert isinstance(found.image, ImageIndex)
        assert (found.image.digest, found.image.images) == (inner.digest, tuple(both))
        assert (found.names, found.tags) == (("docker.io/library/app:1",), ("1",))

    def test_an_index_comes_with_what_there_is_of_it(self, tmp_path: Path) -> None:
        blobs = MemoryBlobs()
        arm = make_image(blobs, {"a": b"2"}, platform=ARM64)
        blobs.data.clear()
        amd = make_image(blobs, {"a": b"1"}, platform=AMD64)
        root = layout(tmp_path, blobs, named(index_of(blobs, amd.descriptor, arm.descriptor), tag="1"))

        (found,) = loaded(root)

        assert isinstance(found.image, ImageIndex)
        assert found.image.images == (amd,)
        assert platforms(found.image) == (AMD64, ARM64)

    def test_a_nested_index_gives_the_image_of_the_platform(self, tmp_path: Path) -> None:
        blobs = MemoryBlobs()
        amd, arm = (make_image(blobs, {"a": b"1"}, platform=platform) for platform in (AMD64, ARM64))
        inner = index_of(blobs, index_of(blobs, amd.descriptor, arm.descriptor))
        root = layout(tmp_path, blobs, named(inner, name="docker.io/library/app:1", tag="1"))

        found = loaded(root, ARM64)

        assert found == (LoadedImage(("docker.io/library/app:1",), ("1",), arm),)

    def test_several_platforms_under_one_name_are_one_choice(self, tmp_path: Path) -> None:
        blobs = MemoryBlobs()
        amd, arm = (make_image(blobs, {"a": b"1"}, platform=platform) for platform in (AMD64, ARM64))
        root = layout(tmp_path, blobs, named(arm.descriptor, tag="1"), named(amd.descriptor, tag="1"))

        assert [item.image for item in loaded(root, AMD64)] == [amd]

    def test_a_platform_that_is_not_there_is_told(self, tmp_path: Path) -> None:
        blobs = MemoryBlobs()
        arm = make_image(blobs, {"a": b"1"}, platform=ARM64)
        root = layout(tmp_path, blobs, named(index_of(blobs, arm.descriptor), tag="1"))

        with pytest.raises(ArchiveError) as caught:
            loaded(root, AMD64)

        assert caught.value.message == f"1 in {root} has no image for linux/amd64"
        assert caught.value.hint == "the platforms in it: linux/arm64"

    def test_layers_of_other_platforms_need_not_be_there(self, tmp_path: Path) -> None:
        blobs = MemoryBlobs()
        arm = make_image(blobs, {"a": b"2"}, platform=ARM64)
        blobs.data.clear()
        amd = make_image(blobs, {"a": b"1"}, platform=AMD64)
        root = layout(tmp_path, blobs, named(index_of(blobs, amd.descriptor, arm.descriptor), tag="1"))

        assert [item.image for item in loaded(root, AMD64)] == [amd]

    @pytest.mark.parametrize(
        ("annotations", "names", "tags"),
        [
            ({}, (), ()),
            ({"tag": "1.0"}, (), ("1.0",)),
            ({"tag": "x.example/app:1"}, ("x.example/app:1",), ("1",)),
            ({"tag": "localhost:5000/app:1"}, ("localhost:5000/app:1",), ("1",)),
            ({"name": "x.example/app:2", "tag": "1"}, ("x.example/app:2",), ("1",)),
            ({"name": "Bad/Name", "tag": "1"}, (), ("1",)),
        ],
    )
    def test_names_come_from_annotations(
        self, tmp_path: Path, annotations: dict[str, str], names: tuple[str, ...], tags: tuple[str, ...]
    ) -> None:
        blobs, image = sample()
        root = layout(tmp_path, blobs, named(image.descriptor, **annotations))

        assert loaded(root) == (LoadedImage(names, tags, image),)

    def test_attestations_and_artifacts_are_passed_over(self, tmp_path: Path) -> None:
        blobs, image = sample()
        chart = make_image(blobs, {"chart": b""}).manifest
        data = replace(chart, config=replace(chart.config, media_type="application/vnd.chart")).serialize()
        artifact = Descriptor(media_types.MANIFEST, blobs.put(data), len(data))
        attestation = replace(artifact, platform=Platform("unknown", "unknown"))
        root = layout(tmp_path, blobs, attestation, artifact, image.descriptor)

        assert [item.image for item in loaded(root)] == [image]

    def test_a_layout_without_an_image_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(ArchiveError) as caught:
            loaded(layout(tmp_path, MemoryBlobs()))

        assert caught.value.message == f"{tmp_path} holds no image"

    @pytest.mark.parametrize("lost", ["manifest", "config", "layer"])
    def test_a_lost_blob_is_named(self, tmp_path: Path, lost: str) -> None:
        blobs, image = sample()
        chosen = {
            "manifest": image.digest,
            "config": image.manifest.config.digest,
            "layer": image.manifest.layers[1].digest,
        }
        del blobs.data[chosen[lost]]
        root = layout(tmp_path, blobs, image.descriptor)

        with pytest.raises(ArchiveError) as caught:
            loaded(root)

        what = "layer" if lost == "layer" else "blob"
        assert caught.value.message == f"{root} lacks the {what} {chosen[lost]}"
        assert caught.value.hint == DAMAGED

    def test_a_layer_that_was_cut_short_is_told(self, tmp_path: Path) -> None:
        blobs, image = sample()
        layer = image.manifest.layers[0]
        root = layout(tmp_path, blobs, image.descriptor)
        (root / "blobs/sha256" / layer.digest.hex).write_bytes(b"short")

        with pytest.raises(ArchiveError, match=f"has only 5 of {layer.size} bytes of the layer {layer.digest}"):
            loaded(root)

    def test_a_changed_layer_is_noticed_when_it_is_read(self, tmp_path: Path) -> None:
        blobs, image = sample()
        layer = image.manifest.layers[0]
        root = layout(tmp_path, blobs, image.descriptor)
        (root / "blobs/sha256" / layer.digest.hex).write_bytes(bytes(layer.size))

        with pytest.raises(CorruptError, match=f"blob {layer.digest} from {root} is not what its name says"):
            layers(root)

    @pytest.mark.parametrize("text", ["", "[]", '{"manifests": 1}', '{"manifests": [{"digest": "x", "size": 1}]}'])
    def test_an_index_that_is_none_is_told(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "index.json").write_text(text)

        with pytest.raises(ArchiveError, match="is no image layout that can be read") as caught:
            loaded(tmp_path)

        assert caught.value.hint == DAMAGED

    def test_a_changed_manifest_is_told(self, tmp_path: Path) -> None:
        blobs, image = sample()
        root = layout(tmp_path, blobs, image.descriptor)
        (root / "blobs/sha256" / image.digest.hex).write_bytes(image.manifest_bytes[:-1] + b" ")

        with pytest.raises(ArchiveError, match="is not what its name says"):
            loaded(root)


class TestDocker:
    def saved(self, path: Path, image: Image, tars: list[bytes], **options: object) -> Path:
        """As `docker save` wrote it before version 25: layers in folders of their own."""
        files = {f"id{i}/layer.tar": data for i, data in enumerate(tars)}
        config = f"{image.manifest.config.digest.hex}.json"
        tags = options.get("tags", ["app:1"])
        entry = {"Config": config, "RepoTags": tags, "Layers": list(files)}
        return archive(path, {config: image.config_bytes, "manifest.json": json.dumps([entry]).encode(), **files})

    def test_old_archives_are_read(self, tmp_path: Path) -> None:
        blobs = MemoryBlobs()
        image = make_image(blobs, {"a": b"1"}, {"b": b"2"}, compressed=False)
        tars = [blobs.read(layer.digest) for layer in image.manifest.layers]
        path = self.saved(tmp_path / "old.tar", image, tars)

        found = loaded(path)

        assert found == (LoadedImage(("docker.io/library/app:1",), (), image),)
        assert layers(path) == tars

    @pytest.mark.parametrize(
        ("compress", "kind"),
        [(gzip.compress, media_types.LAYER_GZIP), (zstandard.ZstdCompressor().compress, media_types.LAYER_ZSTD)],
    )
    def test_compressed_layers_are_known_by_their_bytes(
        self, tmp_path: Path, compress: Callable[[bytes], bytes], kind: str
    ) -> None:
        image = make_image(MemoryBlobs(), {"a": b"1"}, compressed=False)
        data = compress(make_tar({"a": b"1"}))

        (found,) = loaded(self.saved(tmp_path / "a.tar", image, [data]))

        assert isinstance(found.image, Image)
        assert found.image.manifest.layers == (Descriptor(kind, Digest.of(data), len(data)),)

    def test_layers_may_be_links_to_other_layers(self, tmp_path: Path) -> None:
        blobs = MemoryBlobs()
        image = make_image(blobs, {"a": b"1"}, {"a": b"1"}, compressed=False)
        data = blobs.read(image.manifest.layers[0].digest)
        manifest = [{"Config": "c.json", "RepoTags": None, "Layers": ["x/layer.tar", "y/layer.tar"]}]
        files = {"c.json": image.config_bytes, "manifest.json": json.dumps(manifest).encode(), "x/layer.tar": data}
        path = archive(tmp_path / "a.tar", files, {"y/layer.tar": "../x/layer.tar"})

        assert loaded(path) == (LoadedImage((), (), image),)
        assert layers(path) == [data, data]

    def test_links_do_not_lead_out_of_the_archive(self, tmp_path: Path) -> None:
        image = make_image(MemoryBlobs(), {"a": b"1"})
        manifest = [{"Config": "c.json", "RepoTags": None, "Layers": ["../../etc/passwd"]}]
        files = {"c.json": image.config_bytes, "manifest.json": json.dumps(manifest).encode()}
        path = archive(tmp_path / "a.tar", files, {"etc/passwd": "/etc/passwd"})

        with pytest.raises(ArchiveError, match=r"there is no \.\./\.\./etc/passwd in"):
            loaded(path)

    def test_a_layer_that_is_not_the_configs_is_refused(self, tmp_path: Path) -> None:
        image = make_image(MemoryBlobs(), {"a": b"1"}, compressed=False)
        other = make_tar({"a": b"2"})

        with pytest.raises(ArchiveError) as caught:
            loaded(self.saved(tmp_path / "a.tar", image, [other]))

        where, wanted = tmp_path / "a.tar", image.config.diff_ids[0]
        assert caught.value.message == f"{where} has a layer {Digest.of(other)} where its image wants {wanted}"

    def test_a_config_with_more_layers_than_there_are_is_refused(self, tmp_path: Path) -> None:
        image = make_image(MemoryBlobs(), {"a": b"1"}, {"b": b"2"}, compressed=False)

        with pytest.raises(ArchiveError, match="image has 1 layers but 2 diff_ids"):
            loaded(self.saved(tmp_path / "a.tar", image, [make_tar({"a": b"1"})]))

    @pytest.mark.parametrize("tags", [["Not A Name"], [7], "app"])
    def test_names_that_are_none_are_refused(self, tmp_path: Path, tags: object) -> None:
        image = make_image(MemoryBlobs(), {"a": b"1"}, compressed=False)

        with pytest.raises(ArchiveError) as caught:
            loaded(self.saved(tmp_path / "a.tar", image, [make_tar({"a": b"1"})], tags=tags))

        assert caught.value.hint == DAMAGED

    def test_an_archive_of_both_kinds_takes_names_from_either(self, tmp_path: Path) -> None:
        blobs, image = sample()
        root = layout(tmp_path / "both", blobs, image.descriptor)
        entry = {"Config": f"blobs/sha256/{image.manifest.config.digest.hex}", "RepoTags": ["app:1"], "Layers": []}
        (root / "manifest.json").write_text(json.dumps([entry]))

        assert loaded(root) == (LoadedImage(("docker.io/library/app:1",), (), image),)

    def test_a_blob_of_another_archive_is_not_there(self, tmp_path: Path) -> None:
        image = make_image(MemoryBlobs(), {"a": b"1"}, compressed=False)
        path = self.saved(tmp_path / "a.tar", image, [make_tar({"a": b"1"})])

        with images(path) as found, pytest.raises(NotFoundError):
            content(found.blobs.open(Descriptor(media_types.LAYER, Digest.of(b"other"), 5)))


class TestBrokenFiles:
    def test_a_file_that_is_not_there_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(ArchiveError) as caught:
            loaded(tmp_path / "no.tar")

        assert caught.value.message == f"there is no file {tmp_path}/no.tar"
        assert caught.value.hint == "check the path"

    @pytest.mark.parametrize("data", [b"", b"nonsense" * 200, bytes(100)])
    def test_a_file_that_is_no_archive_is_told(self, tmp_path: Path, data: bytes) -> None:
        (tmp_path / "a").write_bytes(data)

        with pytest.raises(ArchiveError) as caught:
            loaded(tmp_path / "a")

        assert caught.value.hint

    def test_a_tar_without_an_image_is_told(self, tmp_path: Path) -> None:
        path = archive(tmp_path / "root.tar", {"etc/passwd": b""})

        with pytest.raises(ArchiveError) as caught:
            loaded(path)

        assert caught.value.message == f"{path} is no image: it has neither index.json nor manifest.json"
        assert "docker save" in str(caught.value.hint)

    @pytest.mark.parametrize("write", [oci_archive, docker_archive])
    def test_an_archive_cut_anywhere_is_told(self, tmp_path: Path, write: Callable[..., None]) -> None:
        blobs, image = sample()
        out = io.BytesIO()
        write(image, blobs, names=["app"], out=out)
        whole = out.getvalue()
        path = tmp_path / "a.tar"

        for end in range(1, whole.index(b"index.json"), 701):
            path.write_bytes(whole[:end])
            with pytest.raises(ArchiveError) as caught:
                layers(path)
            assert caught.value.hint

    def test_a_compressed_archive_cut_short_is_told(self, tmp_path: Path) -> None:
        blobs, image = sample()
        out = io.BytesIO()
        docker_archive(image, blobs, names=["app"], out=out)
        (tmp_path / "a.tgz").write_bytes(gzip.compress(out.getvalue())[:-20])

        with pytest.raises(ArchiveError) as caught:
            loaded(tmp_path / "a.tgz")

        assert caught.value.hint

    def test_a_name_that_no_file_can_have_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "manifest.json").write_text(json.dumps([{"Config": "c" * 300, "Layers": []}]))

        with pytest.raises(ArchiveError, match="File name too long"):
            loaded(tmp_path)

    def test_errors_of_whoever_uses_the_images_are_not_ours(self, tmp_path: Path) -> None:
        blobs, image = sample()
        out = io.BytesIO()
        docker_archive(image, blobs, names=["app"], out=out)
        (tmp_path / "a.tgz").write_bytes(gzip.compress(out.getvalue()))

        with pytest.raises(OSError, match="theirs"), images(tmp_path / "a.tgz"):
            raise OSError("theirs")
