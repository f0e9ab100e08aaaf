"""Tables, sizes and ages for people."""

from __future__ import annotations

import pytest

from stagemill.cli.frame import table


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, "0 B"),
        (1, "1 B"),
        (999, "999 B"),
        (1000, "1.00 kB"),
        (1234, "1.23 kB"),
        (9_994, "9.99 kB"),
        (9_995, "10.0 kB"),
        (99_949, "99.9 kB"),
        (99_950, "100 kB"),
        (999_499, "999 kB"),
        (999_500, "1.00 MB"),
        (412_000_000, "412 MB"),
        (1_230_000_000, "1.23 GB"),
        (5 * 10**12, "5.00 TB"),
        (5 * 10**15, "5000 TB"),
        (-1234, "-1.23 kB"),
    ],
)
def test_sizes_have_three_digits_and_a_decimal_unit(count: int, expected: str) -> None:
    assert table.size(count) == expected


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, "0B"), (412, "412B"), (1200, "1.2kB"), (77_000_000, "77MB"), (77_800_000, "77.8MB"), (1_234_567_890, "1.23GB"), (100_000, "100kB")],
)  # fmt: skip
def test_dockers_sizes_have_neither_space_nor_zeros(count: int, expected: str) -> None:
    assert table.tight(count) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-5, "Less than a second ago"),
        (0, "Less than a second ago"),
        (1, "1 second ago"),
        (59, "59 seconds ago"),
        (60, "About a minute ago"),
        (120, "2 minutes ago"),
        (3599, "59 minutes ago"),
        (3600, "About an hour ago"),
        (5399, "About an hour ago"),
        (5400, "2 hours ago"),
        (3600 * 30, "30 hours ago"),
        (3600 * 48, "2 days ago"),
        (86400 * 13, "13 days ago"),
        (86400 * 14, "2 weeks ago"),
        (86400 * 59, "8 weeks ago"),
        (86400 * 60, "2 months ago"),
        (86400 * 364, "12 months ago"),
        (86400 * 729, "24 months ago"),
        (86400 * 730, "2 years ago"),
    ],
)
def test_ages_are_in_the_largest_unit_that_fits(seconds: int, expected: str) -> None:
    assert table.age(1000.0, 1000.0 + seconds) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:01:00Z", 60.0),
        ("1970-01-01T01:01:00+01:00", 60.0),
        ("1970-01-01T00:01:00", 60.0),
        ("1970-01-01T00:00:00.123456789Z", 0.123456),
        ("", None),
        ("yesterday", None),
    ],
)
def test_timestamps_are_seconds_or_none(text: str, expected: float | None) -> None:
    assert table.timestamp(text) == expected


def test_columns_are_as_wide_as_what_is_in_them() -> None:
    assert table.render(("NAME", "SIZE"), [("a", "1 B"), ("longer", "412 MB")], right=(1,)) == (
        "NAME       SIZE\na           1 B\nlonger   412 MB"
    )


def test_no_line_ends_with_blanks() -> None:
    assert table.render(("A", "B"), [("x", ""), ("", "")]) == "A   B\nx\n"


def test_a_table_without_rows_is_its_head() -> None:
    assert table.render(("A", "B"), []) == "A   B"
