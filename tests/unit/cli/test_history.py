"""`stagemill history`: the instructions that made an image."""

from __future__ import annotations

import json
import os

import pytest

from fakes.program import Call

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]


def test_the_last_instruction_comes_first(app: Call) -> None:
    head, *rows = app("history", "app").out.splitlines()

    assert head.split() == ["CREATED", "CREATED", "BY", "SIZE"]
    assert [row.split("ago")[1].split()[0] for row in rows] == [
        "LABEL", "CMD", "WORKDIR", "ENV", "COPY", "COPY",
    ]  # fmt: skip
    assert "LABEL title=app" in rows[0]
    assert "COPY one /a" in rows[-1]


def test_sizes_are_those_of_the_layers(app: Call) -> None:
    rows = json.loads(app("history", "--json", "app").out)

    sizes = [row["size"] for row in rows]
    (image,) = json.loads(app("inspect", "app").out)
    assert sum(sizes) == image["Size"]
    assert [row["size"] == 0 for row in rows] == [row["empty_layer"] for row in rows]


def test_long_instructions_are_cut_unless_they_are_wanted_whole(app: Call) -> None:
    app("build", "-q", "-t", "long", "--label", "a=b", "-f", "-", ".", stdin=b"FROM scratch\nLABEL text=" + b"x" * 200)

    cut, whole = app("history", "long").out, app("history", "--no-trunc", "long").out

    assert "x" * 200 not in cut
    assert "…" in cut
    assert "x" * 200 in whole


def test_an_image_that_is_not_there_is_told(app: Call) -> None:
    assert app("history", "none").status == 1
