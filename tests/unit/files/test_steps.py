"""Patterns with several stars, step by step."""

from __future__ import annotations

import re

import pytest

from stagemill.files.steps import DEEP, REST, STAR, Steps, count


@pytest.mark.parametrize(
    "parts",
    [
        (STAR, "a", STAR, "a", STAR),
        ("d", "/", STAR, r"\.", "g", "o"),
        (DEEP, "x", STAR, "y"),
        ("a", REST, "/", STAR, "b", REST),
        ("[a-c]", STAR, "[^/]", "é"),
        (STAR, STAR),
    ],
)
@pytest.mark.parametrize(
    "path", ["", "a", "aa", "abaa", "d/x.go", "d/e/x.go", "x1y", "p/q/xy", "a/b", "a1/2/bb/b", "b1é", "a\nb/c", "x/y\n"]
)
def test_they_match_what_the_expression_matches(parts: tuple[str, ...], path: str) -> None:
    assert Steps.of(parts).match(path) == (re.fullmatch("".join(parts), path) is not None)


def test_many_stars_and_a_long_name_take_no_time_to_speak_of() -> None:
    parts = [part for _ in range(40) for part in (STAR, "a")]

    assert not Steps.of([*parts, "b"]).match("a" * 4000 + "c")
    assert Steps.of([*parts, "b"]).match("a" * 4000 + "b")


def test_what_every_path_must_have_is_known() -> None:
    assert Steps.of(("a", "b", STAR, "c", r"\.", "d", DEEP)).needed == "c.d"
    assert count(("a", STAR, DEEP, "b", REST)) == 3
