"""Patterns of --exclude and --parents; those of an ignore file are tested in context/test_ignore.py."""

from __future__ import annotations

import pytest

from stagemill.errors import ContextError
from stagemill.files.exclusion import Exclusion, Inclusion


def left_out(patterns: list[str], *paths: str) -> list[str]:
    rules = Exclusion.of(patterns, name="--exclude")
    return [path for path in paths if rules.excluded(path)]


def test_a_star_stays_in_its_directory_and_two_cross_them() -> None:
    paths = ["x.1", "s/x.1", "s/t/x.1"]

    assert left_out(["*.1"], *paths) == ["x.1"]
    assert left_out(["*/*.1"], *paths) == ["s/x.1"]
    assert left_out(["**/*.1"], *paths) == paths


def test_blanks_around_a_pattern_and_a_slash_before_it_do_not_count() -> None:
    assert left_out([" /a/ ", ""], "a", "a/b", "b") == ["a", "a/b"]


def test_the_number_of_the_pattern_that_decides_is_told() -> None:
    rules = Exclusion.of(["*.md", "!a.md", "b*"], name="--exclude")

    assert [rules.which(path) for path in ("x.md", "a.md", "b.md", "c")] == [0, -1, 2, -1]


def test_a_pattern_that_is_none_is_an_error_that_names_where_it_stands() -> None:
    with pytest.raises(ContextError, match=r"--exclude: \"a\[\" is not a valid pattern"):
        Exclusion.of(["a["], name="--exclude")
    with pytest.raises(ContextError, match='--exclude: "!" is an exception from nothing'):
        Exclusion.of(["!"], name="--exclude")


def test_an_inclusion_has_all_that_is_below_what_it_matches() -> None:
    found = Inclusion("a/*/c")

    assert [path for path in ("a", "a/b", "a/b/c", "a/b/c/d", "a/b/x") if found.included(path)] == ["a/b/c", "a/b/c/d"]
    assert Inclusion("").included("anything")


@pytest.mark.parametrize(
    ("pattern", "directory", "expected"),
    [
        ("a/b/c", "a", True),
        ("a/b/c", "a/b", True),
        ("a/b/c", "x", False),
        ("a/*/c", "a/any", True),
        ("a/**/c", "a/x/y", True),
        ("**/c", "x/y", True),
        ("", "x", True),
    ],
)
def test_an_inclusion_knows_where_nothing_can_match(pattern: str, directory: str, expected: bool) -> None:
    assert Inclusion(pattern).may_include_below(directory) is expected
