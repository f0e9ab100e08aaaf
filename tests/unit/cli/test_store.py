"""`stagemill store`: looks after what is on disk."""

from __future__ import annotations

import os

import pytest

from fakes.program import Call

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]


def test_a_store_that_is_whole_is_said_to_be(app: Call) -> None:
    said = app("store", "check")

    assert said.status == 0
    assert said.err == ""


def test_what_is_torn_is_dropped_and_said_by_name(app: Call) -> None:
    layers = os.path.join(os.environ["STAGEMILL_ROOT"], "layers")
    torn = min(os.listdir(layers))
    for name in os.listdir(os.path.join(layers, torn, "fs")):
        with open(os.path.join(layers, torn, "fs", name), "w", encoding="ascii") as file:
            file.write("2")

    said = app("store", "check")

    assert torn[:12] in said.out
    assert not os.path.exists(os.path.join(layers, torn))


@pytest.mark.parametrize("packed", [True, False])
def test_a_build_makes_it_again_where_it_cannot_be_unpacked_again(app: Call, packed: bool) -> None:
    right = app("save", "app").stdout
    root = os.environ["STAGEMILL_ROOT"]
    for layer in os.listdir(os.path.join(root, "layers")):
        os.unlink(os.path.join(root, "layers", layer, "index"))
    for blob in [] if packed else os.listdir(os.path.join(root, "blobs/sha256")):
        os.unlink(os.path.join(root, "blobs/sha256", blob))
    app("store", "check")

    said = app("build", "--progress", "plain", "-t", "app", ".")

    assert said.status == 0
    assert said.err.count("CACHED") == (2 if packed else 0)
    assert len(app("save", "app").stdout) == len(right)
