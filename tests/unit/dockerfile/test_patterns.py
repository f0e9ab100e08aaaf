from __future__ import annotations

import time

import pytest

from stagemill.dockerfile.patterns import parse, replace, without_prefix, without_suffix


@pytest.mark.parametrize(
    ("pattern", "value", "shortest", "longest"),
    [
        ("*x", "axbxc", "bxc", "c"),
        ("a?", "abc", "c", "c"),
        ("*", "abc", "abc", ""),
        ("b", "abc", "abc", "abc"),
        ("", "abc", "abc", "abc"),
        ("\\*", "*a", "a", "a"),
        ("[a]", "abc", "abc", "abc"),
        ("*a*b", "xaybzb", "zb", ""),
        ("*", "a\nb", "a\nb", "\nb"),
    ],
)
def test_a_prefix_goes_in_its_shortest_or_longest_form(pattern: str, value: str, shortest: str, longest: str) -> None:
    assert without_prefix(parse(pattern), value, longest=False) == shortest
    assert without_prefix(parse(pattern), value, longest=True) == longest


@pytest.mark.parametrize(
    ("pattern", "value", "shortest", "longest"),
    [
        (".*", "a.b.c", "a.b", "a"),
        ("?c", "abc", "a", "a"),
        ("\\**\\*", "a***yy*", "a**", "a"),
        ("a", "abc", "abc", "abc"),
    ],
)
def test_a_suffix_goes_in_its_shortest_or_longest_form(pattern: str, value: str, shortest: str, longest: str) -> None:
    assert without_suffix(parse(pattern), value, longest=False) == shortest
    assert without_suffix(parse(pattern), value, longest=True) == longest


@pytest.mark.parametrize(
    ("pattern", "value", "first", "every"),
    [
        ("a", "banana", "bXnana", "bXnXnX"),
        ("a*n", "banana", "bXa", "bXa"),
        ("", "ab", "Xab", "XaXbX"),
        ("*", "ab", "X", "X"),
        ("z", "ab", "ab", "ab"),
    ],
)
def test_the_first_match_or_every_match_is_replaced(pattern: str, value: str, first: str, every: str) -> None:
    assert replace(parse(pattern), value, "X", everywhere=False) == first
    assert replace(parse(pattern), value, "X", everywhere=True) == every


def test_a_replacement_is_taken_as_it_is() -> None:
    assert replace(parse("a"), "a", r"\1$1\g<0>", everywhere=True) == r"\1$1\g<0>"


@pytest.mark.parametrize("text", ["\\x", "a\\"])
def test_a_backslash_before_another_character_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no escape of a pattern"):
        parse(text)


def test_many_stars_do_not_hang() -> None:
    begin = time.process_time()

    without_prefix(parse("*a" * 30 + "b"), "a" * 20_000, longest=True)

    assert time.process_time() - begin < 20  # seconds of the processor; backtracking would take years
