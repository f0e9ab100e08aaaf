"""`stagemill load`: images out of archives."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from fakes.blobs import MemoryBlobs, make_image
from fakes.program import Call
from stagemill.export.oci import oci_archives
from stagemill.oci.platform import Platform

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]


@pytest.fixture
def archive(app: Call) -> bytes:
    """Of an image that the store no longer has a name for."""
    data = app("save", "app").stdout
    app("rmi", "app")
    return data


def names(program: Call) -> list[str]:
    return [image["name"].rpartition("/")[2] for image in json.loads(program("images", "--json").out)]


@pytest.mark.parametrize("arguments", [("app.tar",), ("-i", "app.tar")])
def test_an_image_comes_back_under_its_name(
    app: Call, archive: bytes, folder: Path, arguments: tuple[str, ...]
) -> None:
    (folder / "app.tar").write_bytes(archive)

    said = app("load", *arguments)

    assert (said.status, said.out) == (0, "Loaded image: app:latest\n")
    assert names(app) == ["app:latest"]


@pytest.mark.parametrize("arguments", [(), ("-",)])
def test_it_may_come_through_a_pipe(app: Call, archive: bytes, arguments: tuple[str, ...]) -> None:
    assert app("load", *arguments, stdin=archive).status == 0
    assert names(app) == ["app:latest"]


def test_it_may_get_a_name_of_our_own(app: Call, archive: bytes) -> None:
    said = app("load", "-t", "mine:1", stdin=archive)

    assert said.out == "Loaded image: mine:1\n"
    assert names(app) == ["mine:1"]


def test_an_archive_without_a_name_says_the_id_by_which_it_is_found(app: Call, folder: Path) -> None:
    app("build", "-q", "--label", "x=y", "-o", "type=oci,dest=app.tar", ".")

    said = app("load", "-i", "app.tar")

    assert said.out.startswith("Loaded image ID: sha256:")
    (found,) = json.loads(app("inspect", said.out.split()[-1]).out)
    assert (found["RepoTags"], found["Config"]["Labels"]["x"]) == ([], "y")


def test_quiet_has_nothing_to_hide(app: Call, archive: bytes) -> None:
    assert app("load", "-q", stdin=archive).out == "Loaded image: app:latest\n"


def test_of_several_platforms_one_is_chosen(app: Call, folder: Path) -> None:
    blobs = MemoryBlobs()
    ours, other = Platform.local(), Platform("linux", "s390x")
    images = [make_image(blobs, {"a": b"1"}, platform=platform) for platform in (ours, other)]
    with (folder / "both.tar").open("wb") as file:
        oci_archives([(image, ["docker.io/library/both:1"]) for image in images], blobs, out=file)

    app("load", "--platform", "linux/s390x", "both.tar")
    assert json.loads(app("inspect", "both:1").out)[0]["Architecture"] == "s390x"
    app("load", "both.tar")

    assert json.loads(app("inspect", "both:1").out)[0]["Architecture"] == ours.architecture


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("-t", "Bad Name", "-i", "none"), 2, "'Bad Name' is no image reference"),
        (("none.tar",), 1, "there is no file none.tar"),
        (("a.tar", "-i", "b.tar"), 2, "two archives were named, a.tar and b.tar"),
    ],
)
def test_what_cannot_be_is_told(app: Call, arguments: tuple[str, ...], status: int, message: str) -> None:
    said = app("load", *arguments)

    assert (said.status, message in said.err) == (status, True)


def test_a_name_for_an_archive_of_two_images_is_wrong_usage(app: Call) -> None:
    app("build", "-q", "-t", "other", "--label", "b=2", ".")
    both = app("save", "app", "other").stdout

    said = app("load", "-t", "mine", stdin=both)

    assert said.status == 2
    assert "-t needs an archive of one image, and this one has 2" in said.err


@pytest.mark.parametrize("data", [b"", b"no archive", b"\0" * 2000])
def test_what_is_no_archive_is_told(app: Call, data: bytes) -> None:
    said = app("load", stdin=data)

    assert said.status == 1
    assert said.err.startswith("error: ")
    assert "hint: " in said.err
    assert "bug" not in said.err
