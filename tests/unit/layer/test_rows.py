from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from stagemill.layer import rows


def read(text: str) -> Iterator[object]:
    """The rows of a text, one at a time."""
    at = rows.first(3, text)
    while at < len(text):
        row, end = json.JSONDecoder().raw_decode(text, at)
        yield row
        at = rows.after(text, end)


@pytest.mark.parametrize("count", [0, 1, 2, 999, 1000, 1001, 2500])
def test_rows_are_read_one_at_a_time_as_they_were_written(count: int) -> None:
    written: list[list[rows.Cell]] = [[f"a/{number}", number, {"user.x": "é"}] for number in range(count)]

    text = rows.write(3, written).decode("ascii")

    assert json.loads(text) == [3, written]
    assert list(read(text)) == written


@pytest.mark.parametrize("text", ["", "[3]", "[2,[[1]]]", "[3,{}]", "[3,[[1]", "[3,[[1]]"])
def test_what_was_not_written_so_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"want|Expecting"):
        list(read(text))
