"""The rows of `size --by`: exact for programs, harmless for terminals."""

from __future__ import annotations

import json

from fakes.layered import image
from stagemill.cli.listing.form import Form
from stagemill.cli.sizing import rows

NAME = "a\tb\x1b[1m\u202ec"


def test_json_has_names_as_they_are() -> None:
    size = image({NAME: b"1", f"{NAME}x": b"z" * 5000, "y": b"z" * 5000})

    printed = Form.parse("json", default="").printed(list(rows.files(size)), rows.HEADS)

    assert [json.loads(line)["Path"] for line in printed.splitlines()] == [f"/{NAME}x", "/y", f"/{NAME}"]


def test_a_terminal_gets_no_orders_and_no_columns_from_a_name() -> None:
    size = image({NAME: b"1"})

    table = Form.parse("", default=rows.TABLES["file"]).printed(list(rows.harmless(rows.files(size))), rows.HEADS)

    assert "/a\ufffdb\ufffd[1m\ufffdc   RUN step 0" in table
    assert "\x1b" not in table


def test_every_view_of_an_image_has_its_rows() -> None:
    size = image({"tmp/a": b"z" * 5000, "b": b"z" * 5000, "c": b"z" * 5000})

    counts = {by: len(list(rows.view(by, size, depth=2))) for by in rows.TABLES if by != "stage"}

    assert counts == {"step": 1, "directory": 1, "package": 0, "file": 3, "waste": 2, "duplicate": 1}
