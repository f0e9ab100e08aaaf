"""`stagemill rmi`: takes names away."""

from __future__ import annotations

import json
import os

import pytest

from fakes.program import Call

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]


def names(program: Call) -> list[str]:
    return [image["name"].rpartition("/")[2] for image in json.loads(program("images", "--json").out)]


def test_a_name_goes_and_others_stay(app: Call) -> None:
    app("tag", "app", "app:two")

    said = app("rmi", "app")

    assert (said.status, said.out) == (0, "Untagged: app:latest\n")
    assert names(app) == ["app:two"]


def test_an_image_goes_with_its_last_name(app: Call) -> None:
    identity = json.loads(app("inspect", "app").out)[0]["Id"]

    said = app("rmi", "app")

    assert said.out == f"Untagged: app:latest\nDeleted: {identity}\n"
    assert app("inspect", identity).status == 1


@pytest.mark.parametrize("prefix", [12, 19, 71])
def test_an_image_can_be_named_by_its_id(app: Call, prefix: int) -> None:
    identity = json.loads(app("inspect", "app").out)[0]["Id"]

    said = app("rmi", "--no-prune", identity[:prefix])

    assert (said.status, said.out) == (0, f"Untagged: app:latest\nDeleted: {identity}\n")
    assert names(app) == []


def test_by_an_id_several_names_go_with_force_only(app: Call) -> None:
    app("tag", "app", "app:two")
    identity = json.loads(app("inspect", "app").out)[0]["Id"]

    said = app("rmi", identity)

    assert (said.status, said.out) == (1, "")
    assert said.err == (
        f"error: cannot remove {identity}: it has 2 names\n"
        "hint: stagemill rmi -f removes all of its names; to take one away, give that: app:latest, app:two\n"
    )
    assert app("rmi", "-f", identity).out == f"Untagged: app:latest\nUntagged: app:two\nDeleted: {identity}\n"
    assert names(app) == []


def test_one_without_a_name_has_none_to_lose(app: Call) -> None:
    identity = app("build", "-q", "--label", "x=y", ".").out.strip()

    assert app("rmi", identity[7:19]).out == f"Deleted: {identity}\n"
    assert app("images", "-q", "-f", "dangling=true").out == ""


def test_the_platform_of_a_part_cannot_be_given(app: Call) -> None:
    said = app("rmi", "--platform", "linux/amd64", "app")

    assert said.status == 2
    assert "--platform linux/amd64 is not supported: an image is removed whole" in said.err


def test_a_name_that_is_not_there_is_told_after_the_others_are_gone(app: Call) -> None:
    said = app("rmi", "none", "app")

    assert (said.status, said.out.splitlines()[0]) == (1, "Untagged: app:latest")
    assert said.err.startswith("error: there is no image none in the store\n")


def test_with_force_it_is_passed_over(app: Call) -> None:
    said = app("rmi", "-f", "none", "app")

    assert (said.status, said.out.splitlines()[0], said.err) == (0, "Untagged: app:latest", "")


def test_force_is_no_excuse_for_what_is_no_name(app: Call) -> None:
    assert app("rmi", "-f", "Bad Name").status == 2


def test_the_name_of_a_torn_image_can_be_removed(app: Call) -> None:
    blobs = os.path.join(os.environ["STAGEMILL_ROOT"], "blobs/sha256")
    for blob in os.listdir(blobs):
        os.unlink(os.path.join(blobs, blob))

    assert app("rmi", "app").status == 0
    assert names(app) == []


def test_a_build_after_it_finds_everything_in_the_cache(app: Call) -> None:
    app("rmi", "app")

    said = app("build", "--progress", "plain", "-t", "app", ".")

    assert said.err.count("CACHED") == 2
