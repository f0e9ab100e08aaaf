from __future__ import annotations

import json

import pytest

from stagemill.layer import rows

SPLIT = 'x],["'
"""A name that looks like the end of a row and the beginning of the next."""


@pytest.mark.parametrize("count", [0, 1, 2, 999, 1000, 1001, 2500])
@pytest.mark.parametrize("size", [1, 50, 128 << 10])
def test_rows_are_read_some_at_a_time_as_they_were_written(
    count: int, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "_BYTES", size)
    written: list[list[rows.Cell]] = [
        [f"a/{number}", number, {"user.x": "é"}, "],[", SPLIT, "\\"] for number in range(count)
    ]

    data = rows.write(3, written)

    assert json.loads(data) == [3, written]
    assert list(rows.each(3, data)) == written


@pytest.mark.parametrize(
    "data", [b"", b"[3]", b"[3,[", b"[2,[[1]]]", b"[3,{}]", b"[3,[[1]", b"[3,[[1]]", b"[3,[[1],]]"]
)
def test_what_was_not_written_so_is_an_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"want|Expecting"):
        list(rows.each(3, data))


@pytest.mark.parametrize("held", [1, 2, 50])
def test_a_row_is_found_by_its_path_in_whatever_order_they_are_asked_for(
    held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "_BYTES", 100)
    monkeypatch.setattr(rows, "_OPEN", held)
    paths = sorted(
        ["", "a", "a/b", "a.b", "a-b/c", *(f"d{number % 7}/f{number}" for number in range(200))], key=rows.order
    )
    found = rows.Rows(3, rows.write(3, ([path, "file"] for path in paths)))

    assert [found.get(path) for path in [*paths, *reversed(paths)]] == [
        [path, "file"] for path in [*paths, *reversed(paths)]
    ]
    assert [found.get(path) for path in ("a/a", "a/c", "z", "d1/f")] == [None] * 4


def test_of_no_rows_none_is_found() -> None:
    assert rows.Rows(3, rows.write(3, [])).get("") is None
