"""`stagemill save`: images as archives."""

from __future__ import annotations

import io
import json
import os
import tarfile
from pathlib import Path

import pytest

from fakes.program import Call
from stagemill.oci.platform import Platform

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]


def members(data: bytes) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return archive.getnames()


def test_an_archive_goes_to_a_file(app: Call, folder: Path) -> None:
    said = app("save", "-o", "app.tar", "app")

    assert (said.status, said.out) == (0, "")
    assert {"manifest.json", "index.json", "oci-layout"} <= set(members((folder / "app.tar").read_bytes()))


def test_or_through_a_pipe_the_same_bytes(app: Call, folder: Path) -> None:
    app("save", "-o", "app.tar", "app")

    assert app("save", "app").stdout == (folder / "app.tar").read_bytes()


def test_an_oci_archive_has_no_file_of_dockers(app: Call) -> None:
    assert "manifest.json" not in members(app("save", "--format", "oci", "app").stdout)


def test_several_images_are_one_archive(app: Call) -> None:
    app("tag", "app", "other")

    data = app("save", "app", "other").stdout

    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        file = archive.extractfile("manifest.json")
        assert file is not None
        tags = [tag for image in json.loads(file.read()) for tag in image["RepoTags"]]
    assert sorted(tags) == ["app:latest", "other:latest"]


def tags(data: bytes) -> list[str] | None:
    """The names that the archive's one image has in docker's manifest."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        file = archive.extractfile("manifest.json")
        assert file is not None
        (image,) = json.loads(file.read())
        found: list[str] | None = image["RepoTags"]
        return found


def test_a_name_without_a_tag_stands_for_all_that_it_has(app: Call) -> None:
    app("tag", "app", "app:two")
    app("tag", "app", "other/app:three")

    assert tags(app("save", "app").stdout) == ["app:latest", "app:two"]
    assert tags(app("save", "app:two").stdout) == ["app:two"]


def test_an_image_by_its_id_has_no_name_in_the_archive(app: Call) -> None:
    identity = json.loads(app("inspect", "app").out)[0]["Id"]

    assert tags(app("save", identity[7:19]).stdout) is None
    assert tags(app("save", identity[7:]).stdout) is None


def test_an_image_of_another_platform_is_not_there(app: Call) -> None:
    said = app("save", "--platform", "linux/s390x", "app")

    assert (said.status, said.out) == (1, "")
    assert said.err.startswith("error: app:latest has no image for linux/s390x in the store\nhint: it has linux/")
    assert app("save", "--platform", str(Platform.local()), "app").status == 0


def test_a_place_that_is_not_there_is_told(app: Call, folder: Path) -> None:
    said = app("save", "-o", "none/app.tar", "app")

    assert said.status == 2
    assert said.err.startswith(f"error: cannot write none/app.tar: there is no directory {folder}/none\n")


def test_an_image_that_is_not_there_leaves_no_file(app: Call, folder: Path) -> None:
    assert app("save", "-o", "app.tar", "none").status == 1
    assert not (folder / "app.tar").exists()


def test_a_torn_layer_is_made_again(app: Call, folder: Path) -> None:
    right = app("save", "app").stdout
    blobs = Path(os.environ["STAGEMILL_ROOT"]) / "blobs/sha256"
    (image,) = json.loads(app("inspect", "app").out)
    keep = {image["Id"][7:], image["Descriptor"]["digest"][7:]}
    for blob in blobs.iterdir():
        if blob.name not in keep:
            blob.write_bytes(blob.read_bytes()[::-1])

    said = app("save", "app")

    assert (said.status, said.err) == (0, "")
    assert said.stdout == right
