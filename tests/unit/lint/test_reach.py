"""Which stages reach an image, and which can be asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.linting import lint_file
from stagemill.lint import reach
from stagemill.lint.file import Known


def names(stages: object) -> list[str]:
    assert isinstance(stages, tuple)
    return [stage.name for stage in stages]


TEXT = "FROM x AS base\nFROM base AS build\nFROM base AS test\nFROM y\nFROM base AS image\nCOPY --from=build /a /a\n"


def test_the_image_is_made_of_the_last_stage_and_those_it_begins_from() -> None:
    assert names(reach.shipped(lint_file(TEXT))) == ["base", "image"]


def test_targets_are_the_last_stage_and_named_leaves() -> None:
    assert names(reach.targets(lint_file(TEXT))) == ["test", "image"]


def test_what_nobody_asks_for_is_left_out() -> None:
    file = lint_file(TEXT)
    asked = replace(file, surroundings=Known(needed=frozenset({0, 2})))

    assert names(reach.shipped(asked)) == ["base"]
    assert names(reach.targets(asked)) == ["test"]


@pytest.mark.parametrize(
    "reader",
    ["FROM a", "FROM b\nCOPY --from=a /x /x", "FROM b\nRUN --mount=from=a x", "ARG B=a\nFROM $B", "FROM --after=a b"],
)
def test_a_stage_that_is_used_is_no_leaf(reader: str) -> None:
    text = f"FROM x AS a\n{reader}\n" if not reader.startswith("ARG") else "ARG B=a\nFROM x AS a\nFROM $B\n"
    file = lint_file(text)

    assert not reach.is_leaf(file, file.stages[0])
