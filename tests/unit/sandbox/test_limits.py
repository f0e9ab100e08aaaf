"""Sizes and lists as docker writes them."""

from __future__ import annotations

import pytest

from stagemill.sandbox.limits import Resources, numbers, size


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", 0), ("64", 64), ("64k", 65536), ("64m", 64 << 20), ("1.5GiB", 3 << 29), ("2 gb", 2 << 30)],
)
def test_a_size_has_units_of_1024(text: str, expected: int) -> None:
    assert size(text) == expected


@pytest.mark.parametrize("text", ["", "m", "-1", "1x", "9999999p"])
def test_what_is_no_size_is_an_error(text: str) -> None:
    with pytest.raises(ValueError):
        size(text)


def test_a_list_has_numbers_and_ranges() -> None:
    assert numbers("0-2,5") == {0, 1, 2, 5}


@pytest.mark.parametrize("text", ["", "a", "2-1", "0,", "-1", "0-99999999999"])
def test_what_is_no_list_is_an_error(text: str) -> None:
    with pytest.raises(ValueError):
        numbers(text)


def test_resources_are_something_when_any_is_limited() -> None:
    assert not Resources()
    assert Resources(parent="/a")
