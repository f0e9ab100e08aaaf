from __future__ import annotations

import pytest

from stagemill.errors import ContextError
from stagemill.files.pattern import Matcher, Pattern, compiled


# The table of moby/patternmatcher's behaviour on a path alone, without its parents.
@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("a", "a", True),
        ("a", "ab", False),
        ("a/b", "a/b", True),
        ("a^b", "a^b", True),
        ("*", "a", True),
        ("*", "a/b", False),
        ("*.go", "x.go", True),
        ("*.go", "d/x.go", False),
        ("a*^", "a^", False),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("a.c*", "abcd", False),
        ("a+(b)|{c}$*", "a+(b)|{c}$d", True),
        ("**", "a/b/c", True),
        ("**/foo", "foo", True),
        ("**/foo", "a/b/foo", True),
        ("**/foo", "afoo", False),
        ("**foo", "afoo", True),
        ("**foo", "a/foo", True),
        ("**/foo.txt", "d/foo.txt", True),
        ("**/foo.txt", "d/fooxtxt", False),
        ("**/*.rs", "a/b/c.rs", True),
        ("**/*.rs", "c.rs", True),
        ("**/*.rs", "c.rs/x", False),
        ("a/**", "a/b/c", True),
        ("a/**", "a", False),
        ("a**", "abc/d", True),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a/**/b", "a/xb", False),
        ("a**b", "ab", True),
        ("a**b", "ax/b", True),
        ("a**b", "axb", False),
        ("**/a/**", "x/a/b", True),
        ("**/a/**", "a", False),
        ("**/**", "a/b", True),
        ("a*/**", "ab/c", True),
        ("***", "a", True),
        ("[a-c]", "b", True),
        ("[a-c]", "d", False),
        ("a[^b]c", "axc", True),
        ("a[^b]c", "a/c", True),
        ("[[]x", "[x", True),
        ("[[:digit:]]x", "7x", True),
        ("[[:digit:]]x", "dx", False),
        ("[[:odd:]]x", "d]x", True),
        (r"[\\-a]", "^", True),
        (r"[\-a]", "-", True),
        (r"\*a", "*a", True),
        (r"\*a", "xa", False),
        (r"\d", "d", True),
        ("a]*", "a]b", True),
        ("a*", "a\nb", True),
    ],
)
def test_a_pattern_matches_a_path_as_in_moby(text: str, path: str, expected: bool) -> None:
    pattern = compiled(text, at="x:1")

    assert pattern.matches(path) is expected
    assert Matcher([pattern]).last(path) == (0 if expected else -1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a/b", Pattern("a/b", "exact", "a/b")),
        ("a/**", Pattern("a/**", "prefix", "a/")),
        ("**/a.b", Pattern("**/a.b", "suffix", "/a.b")),
        ("*.a", Pattern("*.a", "regex", r"[^/]*\.a")),
    ],
)
def test_plain_patterns_need_no_regular_expression(text: str, expected: Pattern) -> None:
    assert compiled(text, at="x:1") == expected


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            "a[",
            '.dockerignore:3: "a[" is not a valid pattern: a set that `[` begins is not closed',
            "write [[] for a name that holds a `[`",
        ),
        (
            "[z-a]",
            '.dockerignore:3: "[z-a]" is not a valid pattern: a range in it goes from high to low',
            "a set in brackets holds characters and ranges from low to high",
        ),
        # Found by fuzzing.
        (
            "a[[:alpha:]",
            '.dockerignore:3: "a[[:alpha:]" is not a valid pattern: "[[:alpha:]" is not closed',
            "end the set with a `]` of its own, beside that of the class",
        ),
        (
            "[a-.]",
            '.dockerignore:3: "[a-.]" is not a valid pattern: a range in it goes from high to low',
            "a set in brackets holds characters and ranges from low to high",
        ),
    ],
)
def test_a_malformed_pattern_is_an_error_with_its_place(text: str, message: str, hint: str) -> None:
    with pytest.raises(ContextError) as caught:
        compiled(text, at=".dockerignore:3")

    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_the_matcher_finds_the_last_of_several_patterns() -> None:
    matcher = Matcher([compiled(text, at="x:1") for text in ("*", "a", "**/b", "a", "d/**")])

    actual = [matcher.last(path) for path in ("a", "b", "c", "d/e", "d/b", "x/y")]

    assert actual == [3, 2, 0, 4, 4, -1]


FOUND_BY_FUZZING = [
    ("*a*a*a*a*a*b", "a" * 250, False),
    ("*a*a*a*a*a*b", "a" * 250 + "b", True),
    ("**/a/**/a/**/a/**/a/**/b", "a/" * 200 + "a", False),
    ("**/a/**/a/**/a/**/a/**/b", "a/" * 200 + "b", True),
    ("*[^b]*[^b]*[^b]*[^b]*c", "a/" * 120, False),
    ("a**a**a**a**b", "a/" * 200, False),
    ("*?*?*?*?*[b]", "é" * 200, False),
    ("*\na*^*?*", "\na^a", False),
    ("**/*\n*/**", "a/b\nc/d", True),
]


@pytest.mark.parametrize(("text", "path", "expected"), FOUND_BY_FUZZING)
def test_many_stars_take_no_longer_than_few(text: str, path: str, expected: bool) -> None:
    pattern = compiled(text, at="x:1")

    assert pattern.matches(path) is expected
    assert Matcher([pattern]).last(path) == (0 if expected else -1)


def test_the_matcher_finds_the_last_pattern_whether_it_has_many_stars_or_few() -> None:
    matcher = Matcher([compiled(text, at="x:1") for text in ("a*a*a*", "a*", "aaa", "*a*a*b", "aa*")])

    assert [matcher.last(path) for path in ("aaa", "ab", "aab", "axa", "xaab")] == [4, 1, 4, 1, 3]
