"""Places as an editor counts them."""

from __future__ import annotations

import pytest
from lsprotocol import types

from stagemill.cli.editing.positions import Positions
from stagemill.dockerfile.source import Source, Span

TEXT = "FROM x\nRUN é😀 a\n"


@pytest.mark.parametrize(("encoding", "character"), [("utf-8", 11), ("utf-16", 8), ("utf-32", 7)])
def test_columns_are_counted_in_the_units_of_the_editor(encoding: str, character: int) -> None:
    positions = Positions(Source("Dockerfile", TEXT), encoding)

    found = positions.range(Span(2, 8, 2, 9))

    assert (found.start, found.end.character) == (types.Position(1, character), character + 1)
    assert positions.column(found.start) == 8


def test_a_place_within_a_character_is_that_character_and_one_behind_the_end_is_the_end() -> None:
    positions = Positions(Source("Dockerfile", TEXT))

    assert positions.column(types.Position(1, 6)) == 6
    assert positions.column(types.Position(1, 99)) == 9
    assert positions.column(types.Position(7, 3)) == 1
    assert positions.range(Span(9, 4, 9, 5)).start == types.Position(8, 0)
