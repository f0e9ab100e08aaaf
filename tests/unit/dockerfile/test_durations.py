from __future__ import annotations

import pytest

from stagemill.dockerfile.durations import parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("1ns", 1),
        ("30s", 30_000_000_000),
        ("1h30m", 5_400_000_000_000),
        ("1.5s", 1_500_000_000),
        (".5ms", 500_000),
        ("2.us", 2_000),
        ("1µs1μs", 2_000),
        ("+1m", 60_000_000_000),
        ("-1m", -60_000_000_000),
    ],
)
def test_a_duration_is_nanoseconds(text: str, expected: int) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    "text", ["", "-", "5", "s", ".s", "1d", "1 s", "1s ", "1s2", "٣s", "9" * 5000 + "s", "300000000h"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse(text)
