"""`stagemill tag`: gives an image another name."""

from __future__ import annotations

import json
import os

import pytest

from fakes.program import Call

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]


def digest(program: Call, name: str) -> str:
    said = program("inspect", name)
    assert said.status == 0, said.err
    found: str = json.loads(said.out)[0]["Descriptor"]["digest"]
    return found


def test_both_names_are_the_same_image(app: Call) -> None:
    said = app("tag", "app", "registry.example/team/app:1")

    assert (said.status, said.out) == (0, "")
    assert digest(app, "registry.example/team/app:1") == digest(app, "app")


def test_a_name_moves_over(app: Call) -> None:
    before = digest(app, "app")
    app("tag", "app", "old")
    app("build", "-q", "--label", "new=1", "-t", "app", ".")

    app("tag", "app", "old")

    assert digest(app, "old") == digest(app, "app") != before


def test_an_image_can_be_named_by_its_digest(app: Call) -> None:
    app("tag", digest(app, "app"), "again")

    assert digest(app, "again") == digest(app, "app")


def test_an_image_can_be_named_by_a_name_and_a_digest(app: Call) -> None:
    app("tag", f"app@{digest(app, 'app')}", "again")

    assert digest(app, "again") == digest(app, "app")


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("none", "app:2"), 1, "there is no image none in the store"),
        (("app", f"app@sha256:{'0' * 64}"), 2, "is no name to give: it has a digest"),
        ((f"app@sha256:{'0' * 64}", "x"), 1, "there is no image app@sha256:"),
        (("app", "Bad Name"), 2, "'Bad Name' is no image reference"),
    ],
)
def test_what_cannot_be_is_told(app: Call, arguments: tuple[str, ...], status: int, message: str) -> None:
    said = app("tag", *arguments)

    assert said.status == status
    assert message in said.err
