"""Where two files begin to differ, and what of them is looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from stagemill.verify import pair
from stagemill.verify.pair import Circumstances


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "one", tmp_path / "other"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [(b"", b"", None), (b"same", b"same", None), (b"abc", b"abd", 2), (b"abc", b"abcd", 3), (b"", b"a", 0)],
)
def test_the_first_byte_that_differs_may_be_behind_the_shorter_file(
    files: tuple[Path, Path], one: bytes, other: bytes, expected: int | None
) -> None:
    for path, data in zip(files, (one, other), strict=True):
        path.write_bytes(data)

    assert pair.first_difference(*files) == expected


def test_it_is_found_beyond_the_first_piece(files: tuple[Path, Path]) -> None:
    same = bytes(range(256)) * 8192
    for path, end in zip(files, (b"x", b"y"), strict=True):
        path.write_bytes(same + b"ab" + end)

    assert pair.first_difference(*files) == len(same) + 2


def test_people_see_some_bytes_around_it(files: tuple[Path, Path]) -> None:
    for path, middle in zip(files, (b"1", b"2"), strict=True):
        path.write_bytes(b"a" * 100 + middle + b"b" * 100)

    found = pair.shown(*files, 100)

    assert (found.offset, found.before) == (100, 24)
    assert (found.one[24:25], found.other[24:25], len(found.one)) == (b"1", b"2", 48)


def test_of_a_large_file_a_piece_is_looked_at(files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pair, "_WHOLE", 10_000)
    for path, middle in zip(files, (b"1", b"2"), strict=True):
        path.write_bytes(b"a" * 9_000 + middle + b"b" * 9_000)

    one, other, first, whole = pair.pieces(*files, 9_000)

    assert (one[first : first + 1], other[first : first + 1], whole) == (b"1", b"2", False)
    assert len(one) < 10_000


def test_a_build_covers_its_time_and_a_little_more() -> None:
    built = Circumstances(100.0, 110.0)

    assert [built.covers(seconds) for seconds in (97, 98, 105, 112, 113)] == [False, True, True, True, False]
