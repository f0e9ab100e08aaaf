"""Caches in a directory: by tag, whole, and with nothing in it that no tag leads to."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.blobs import AMD64, MemoryBlobs, make_image
from fakes.caching import contents
from stagemill.cache.contents import CacheContents
from stagemill.cache.documents import USUAL, Form, document, read
from stagemill.cache.layout import LayoutPlace, writing
from stagemill.digest import Digest
from stagemill.errors import CacheError, CancelledError, CorruptError, NotFoundError
from stagemill.export.oci import oci_directory
from stagemill.oci.blobs import chunks


def never() -> bool:
    return False


def write(
    root: Path, found: CacheContents, blobs: MemoryBlobs, *, tag: str = "latest", form: Form = USUAL, clean: bool = True
) -> list[bool]:
    """Writes a cache; which of its blobs had to be moved."""
    config, data, top = document(found, form)
    blobs.put(data)
    with writing(root, tag=tag, clean=clean, cancelled=never) as keep:
        moved = [keep.send(blob, blobs) for blob in (*found.blobs, config)]
        keep.name(top)
    return moved


def made(*names: str) -> tuple[CacheContents, MemoryBlobs]:
    blobs = MemoryBlobs()
    return contents(blobs, *names), blobs


def files(root: Path) -> set[str]:
    return set(os.listdir(root / "blobs/sha256"))


def referenced(root: Path) -> set[str]:
    """What the index leads to."""
    found: set[str] = set()
    for entry in json.loads((root / "index.json").read_text())["manifests"]:
        manifest = json.loads((root / "blobs/sha256" / entry["digest"][7:]).read_text())
        named = manifest.get("manifests") or [manifest["config"], *manifest["layers"]]
        found |= {entry["digest"][7:], *(each["digest"][7:] for each in named)}
    return found


class TestWriting:
    @pytest.mark.parametrize("form", [Form(), Form(image_manifest=False)])
    def test_what_was_written_is_read(self, tmp_path: Path, form: Form) -> None:
        found, blobs = made("a", "b")

        moved = write(tmp_path / "new/cache", found, blobs, form=form)

        place = LayoutPlace(tmp_path / "new/cache")
        assert read(place, platforms=[AMD64])[0] == found
        with place.open(found.blobs[0]) as reader:
            assert b"".join(chunks(reader)) == blobs.read(found.blobs[0].digest)
        assert moved == [True] * 3
        assert json.loads((tmp_path / "new/cache/oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}

    def test_what_is_there_is_not_moved_again(self, tmp_path: Path) -> None:
        found, blobs = made("a", "b")
        write(tmp_path, found, blobs)

        assert write(tmp_path, found, MemoryBlobs()) == [False] * 3

    def test_a_blob_of_another_size_is_written_anew(self, tmp_path: Path) -> None:
        found, blobs = made("a")
        write(tmp_path, found, blobs)
        (tmp_path / "blobs/sha256" / found.blobs[0].digest.hex).write_bytes(b"torn")

        assert write(tmp_path, found, blobs) == [True, False]

    def test_tags_stand_beside_each_other(self, tmp_path: Path) -> None:
        (one, blobs), (other, others) = made("a", "shared"), made("b", "shared")

        write(tmp_path, one, blobs, tag="one")
        write(tmp_path, other, others, tag="other")

        assert read(LayoutPlace(tmp_path, "one"), platforms=[AMD64])[0] == one
        assert read(LayoutPlace(tmp_path, "other"), platforms=[AMD64])[0] == other
        assert files(tmp_path) == referenced(tmp_path)

    def test_wrong_bytes_are_not_named(self, tmp_path: Path) -> None:
        found, blobs = made("a")
        blobs.data[found.blobs[0].digest] = b"wrong"

        with pytest.raises(CorruptError):
            write(tmp_path, found, blobs)

        assert not (tmp_path / "index.json").exists()
        assert files(tmp_path) == set()

    def test_a_place_that_cannot_be_written_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        found, blobs = made("a")

        with pytest.raises(CacheError) as caught:
            write(tmp_path / "file", found, blobs)

        assert caught.value.message == f"cannot write {tmp_path / 'file'}: not a directory"
        assert caught.value.hint == "check its permissions and the room on its disk"


class TestOrphans:
    def test_nothing_of_the_cache_before_stays(self, tmp_path: Path) -> None:
        for number in range(5):
            found, blobs = made("shared", str(number))
            write(tmp_path, found, blobs)

        assert files(tmp_path) == referenced(tmp_path)
        assert len(files(tmp_path)) == 4

    def test_what_a_killed_writer_left_goes(self, tmp_path: Path) -> None:
        found, blobs = made("a")
        write(tmp_path, found, blobs)
        (tmp_path / "blobs/sha256" / f".{'0' * 64}.17").write_bytes(b"half")
        (tmp_path / "blobs/sha256" / ("0" * 64)).write_bytes(b"nobody's")

        write(tmp_path, found, blobs)

        assert files(tmp_path) == referenced(tmp_path)

    def test_images_in_the_same_directory_stay(self, tmp_path: Path) -> None:
        blobs = MemoryBlobs()
        image = make_image(blobs, {"a": b"1"})
        oci_directory(image, blobs, names=["app:1"], destination=tmp_path)

        found, others = made("a")
        write(tmp_path, found, others)

        assert {image.digest.hex, image.manifest.layers[0].digest.hex} <= files(tmp_path)
        assert files(tmp_path) == referenced(tmp_path)

    def test_they_stay_where_that_is_asked_for(self, tmp_path: Path) -> None:
        write(tmp_path, *made("a"))
        before = files(tmp_path)

        write(tmp_path, *made("b"), clean=False)

        assert before < files(tmp_path)

    def test_they_stay_where_something_cannot_be_followed(self, tmp_path: Path) -> None:
        write(tmp_path, *made("a"), tag="other")
        before = files(tmp_path)
        entry = json.loads((tmp_path / "index.json").read_text())["manifests"][0]
        (tmp_path / "blobs/sha256" / entry["digest"][7:]).write_text("no manifest")

        write(tmp_path, *made("b"))

        assert before < files(tmp_path)

    def test_two_that_write_at_once_lose_nothing_of_each_other(self, tmp_path: Path) -> None:
        errors: list[BaseException] = []

        def many(tag: str) -> None:
            try:
                for number in range(15):
                    write(tmp_path, *made(f"{tag}{number}", "shared"), tag=tag)
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=many, args=(tag,)) for tag in ("one", "other", "third")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert errors == []
        for tag in ("one", "other", "third"):
            assert read(LayoutPlace(tmp_path, tag), platforms=[AMD64])[0] == made(f"{tag}14", "shared")[0]
        assert files(tmp_path) == referenced(tmp_path)

    def test_who_waits_for_another_writer_can_be_stopped(self, tmp_path: Path) -> None:
        stop = threading.Event()

        def wait(report: Callable[[str], None]) -> None:
            try:
                with writing(tmp_path, tag="b", clean=True, cancelled=stop.is_set):
                    report("in")
            except CancelledError as error:
                report(str(error))

        heard: list[str] = []
        with writing(tmp_path, tag="a", clean=True, cancelled=never):
            thread = threading.Thread(target=wait, args=(heard.append,))
            thread.start()
            time.sleep(0.2)
            stop.set()
            thread.join(60)

        assert heard == [f"stopped while another build writes to {tmp_path}"]


class TestReading:
    def test_a_manifest_is_found_by_its_digest(self, tmp_path: Path) -> None:
        found, blobs = made("a")
        write(tmp_path, found, blobs)
        digest = document(found, USUAL)[2].descriptor.digest
        write(tmp_path, *made("b"), clean=False)

        assert read(LayoutPlace(tmp_path, digest=digest), platforms=[AMD64])[0] == found

    def test_a_directory_without_a_cache_is_told(self, tmp_path: Path) -> None:
        for root in (tmp_path, tmp_path / "nothing"):
            with pytest.raises(CacheError) as caught:
                read(LayoutPlace(root), platforms=[AMD64])

            assert caught.value.message == f"there is no cache in {root}"
            assert caught.value.hint == "write one there with --cache-to type=local,dest=…"

    def test_a_tag_that_is_not_there_is_told_with_those_that_are(self, tmp_path: Path) -> None:
        write(tmp_path, *made("a"), tag="main")
        write(tmp_path, *made("a"), tag="dev")

        with pytest.raises(CacheError) as caught:
            read(LayoutPlace(tmp_path), platforms=[AMD64])

        assert caught.value.message == f"{tmp_path} has no cache with the tag latest"
        assert caught.value.hint == "its tags are: dev, main"

    def test_a_digest_that_is_not_there_is_told(self, tmp_path: Path) -> None:
        digest = Digest.of(b"gone")

        with pytest.raises(NotFoundError, match=f"{tmp_path} has no blob {digest}"):
            read(LayoutPlace(tmp_path, digest=digest), platforms=[AMD64])

    def test_an_index_that_is_none_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "index.json").write_text("{")

        with pytest.raises(CacheError) as caught:
            read(LayoutPlace(tmp_path), platforms=[AMD64])

        assert caught.value.message.startswith(f"{tmp_path / 'index.json'} is no index of an image layout: ")
        assert caught.value.hint == "name another directory, or remove this one"

    def test_a_blob_that_was_lost_or_torn_is_told(self, tmp_path: Path) -> None:
        found, blobs = made("a", "b")
        write(tmp_path, found, blobs)
        lost, torn = found.blobs
        (tmp_path / "blobs/sha256" / lost.digest.hex).unlink()
        path = tmp_path / "blobs/sha256" / torn.digest.hex
        path.write_bytes(path.read_bytes()[:-1] + b"!")
        place = LayoutPlace(tmp_path)

        with pytest.raises(NotFoundError), place.open(lost):
            pass
        with pytest.raises(CorruptError), place.open(torn) as reader:
            list(chunks(reader))
