"""`UnknownCopySource`: a `--from` that names no stage above it, though a stage seems to be meant."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found

RULE = "UnknownCopySource"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "FROM a AS builder\nFROM b\nCOPY --from=bulider /x /\n",
            "no stage is called `bulider`, so an image of that name is read",
        ),
        ("FROM a\nCOPY --from=3 /x /\n", "there is no stage 3 above this one"),
        (
            "FROM a\nCOPY --from=late /x /\nFROM b AS Late\n",
            "stage `late` begins below, in line 3, so an image of that name is read",
        ),
    ],
)
def test_what_is_no_stage_is_found(text: str, message: str) -> None:
    assert [found.message for found in findings(RULE, text)] == [message]


@pytest.mark.parametrize("source", ["builder", "BUILDER", "0", "busybox", "builder:1", "x/builder1", "$SOURCE", "own"])
def test_stages_images_and_variables_are_fine(source: str) -> None:
    assert lines_found(RULE, f"FROM a AS builder\nFROM b AS own\nCOPY --from={source} /x /\n") == []
