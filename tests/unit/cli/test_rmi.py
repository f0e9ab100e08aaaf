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


def test_an_image_can_be_named_by_its_digest(app: Call) -> None:
    identity = json.loads(app("inspect", "app").out)[0]["Id"]

    assert app("rmi", identity[7:19]).status == 0
    assert names(app) == []


def test_a_name_that_is_not_there_is_told_after_the_others_are_gone(app: Call) -> None:
    said = app("rmi", "none", "app")

    assert (said.status, said.out) == (1, "Untagged: app:latest\n")
    assert said.err.startswith("error: there is no image none in the store\n")


def test_with_force_it_is_passed_over(app: Call) -> None:
    said = app("rmi", "-f", "none", "app")

    assert (said.status, said.out, said.err) == (0, "Untagged: app:latest\n", "")


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
