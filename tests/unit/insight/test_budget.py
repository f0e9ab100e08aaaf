"""Budgets: sizes as people write them, and what of them holds."""

from __future__ import annotations

import pytest

from stagemill.insight.budget import Budget, Figures, Held, Share, amount, held


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("0", 0), ("12", 12), ("7B", 7), ("1k", 1000), ("120MB", 120_000_000), ("1.5 GB", 1_500_000_000),
        ("100MiB", 104_857_600), ("0.5KiB", 512), ("2tb", 2_000_000_000_000), ("1.001kB", 1001),
    ],
)  # fmt: skip
def test_sizes_have_the_units_in_which_they_are_shown(text: str, wanted: int) -> None:
    assert amount(text) == wanted


@pytest.mark.parametrize("text", ["", "x", "-1", "1.2.3MB", "1,5MB", "5%", "1e3", "MB", "1 M B", "٣MB"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no size"):
        amount(text)


def test_shares_are_bytes_or_percent() -> None:
    assert Share.parse("2.5%").of(1000) == 25
    assert Share.parse("0%").of(1000) == 0
    assert Share.parse("200 %").of(1000) == 2000
    assert Share.parse("5kB").of(1) == 5000


def test_each_line_that_is_known_is_held_against_its_figure() -> None:
    budget = Budget(100, Share.parse("10%"), Share.parse("5"), {"build": 10, "other": 1})

    assert list(held(budget, Figures(100, 6, 50, {"build": 9}))) == [
        Held("size", 100, 100), Held("growth", 50, 5), Held("waste", 6, 5), Held("stage build", 9, 10),
    ]  # fmt: skip
    assert [line.holds for line in held(budget, Figures(100, 6, 50, {"build": 9}))] == [True, False, False, True]
    assert list(held(budget, Figures(101))) == [Held("size", 101, 100)]


def test_names_of_stages_have_no_case() -> None:
    assert list(held(Budget(stages={"build": 3}), Figures(1, stages={"Build": 2}))) == [Held("stage build", 2, 3)]


def test_an_image_that_shrinks_does_not_grow() -> None:
    (line,) = held(Budget(growth=Share.parse("0")), Figures(10, before=20))

    assert (line.found, line.holds) == (-10, True)


def test_what_a_command_line_says_goes_before_what_a_project_says() -> None:
    project = Budget(1, Share.parse("1"), Share.parse("1"), {"a": 1, "b": 1}, "before")

    assert Budget(size=2, stages={"b": 2}).over(project) == Budget(
        2, Share.parse("1"), Share.parse("1"), {"a": 1, "b": 2}, "before"
    )
    assert not Budget(against="x")
    assert Budget(size=0)
    assert Budget(waste=Share.parse("0"))
