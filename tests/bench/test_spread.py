"""What several measurements say, and the ratio of two builders in one run."""

from __future__ import annotations

from spread import Spread, ratio


def test_the_median_stands_between_the_outermost() -> None:
    assert Spread.of([3.0, 1.0, 2.5]) == Spread(2.5, 1.0, 3.0, 3)
    assert Spread.of([1.0, 2.0]) == Spread(1.5, 1.0, 2.0, 2)
    assert Spread.of([7.0]) == Spread(7.0, 7.0, 7.0, 1)


def test_nothing_says_nothing() -> None:
    assert Spread.of([]) is None


def test_a_ratio_is_taken_round_by_round() -> None:
    slow_second_round = ratio({0: 1.0, 1: 10.0, 2: 3.0}, {0: 2.0, 1: 20.0, 2: 2.0})

    assert slow_second_round == Spread(0.5, 0.5, 1.5, 3)


def test_a_round_that_one_of_the_two_lacks_does_not_count() -> None:
    assert ratio({0: 1.0, 1: 8.0}, {1: 4.0, 2: 1.0}) == Spread(2.0, 2.0, 2.0, 1)
    assert ratio({0: 1.0}, {1: 1.0}) is None


def test_what_took_no_time_at_all_is_nothing_to_divide_by() -> None:
    assert ratio({0: 1.0}, {0: 0.0}) is None


def test_spreads_overlap_where_they_share_a_value() -> None:
    low, middle, high = Spread(1.5, 1.0, 2.0, 3), Spread(2.5, 2.0, 3.0, 3), Spread(4.0, 3.5, 5.0, 3)

    assert low.overlaps(middle)
    assert middle.overlaps(low)
    assert not low.overlaps(high)
    assert not high.overlaps(middle)
