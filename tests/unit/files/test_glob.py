from __future__ import annotations

import pytest

from fakes.tree import MemoryTree, directory, link
from stagemill.errors import ContextError
from stagemill.files.glob import compiled, escaped, expand, is_pattern


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a.txt", False), ("*.txt", True), ("a?", True), ("[ab]", True), (r"\*", False), (r"\\*", True), ("a]", False)],
)
def test_a_pattern_is_told_from_a_name(text: str, expected: bool) -> None:
    assert is_pattern(text) is expected


@pytest.mark.parametrize("name", ["a.txt", "a[1]*?", "[", "*", r"back\slash", r"back\*", "a]b"])
def test_an_escaped_name_matches_itself_and_nothing_else(name: str) -> None:
    tree = MemoryTree({f"d/{name}": "", "d/a.txt": "", "d/x": "", "d/a1x": ""})
    pattern = escaped(f"d/{name}")

    found = expand(tree, pattern) if is_pattern(pattern) else [pattern]

    assert found == [f"d/{name}"]


# (pattern, name, whether it matches): the table of Go's documentation for path/filepath.Match, and its edges
@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("abc", "abc", True),
        ("*", "abc", True),
        ("*", "", True),
        ("a*", "a", True),
        ("a*b*c", "aXbYc", True),
        ("a*b", "ab\n", False),
        ("?", "ä", True),
        ("?", "", False),
        ("*", ".hidden", True),
        ("a?b", "a\nb", True),
        ("[a-c]x", "bx", True),
        ("[a-c]x", "dx", False),
        ("[^a-c]x", "dx", True),
        ("[^a-c]x", "ax", False),
        ("[!a]", "!", True),
        ("[!a]", "b", False),
        ("[[]x", "[x", True),
        (r"[\]a]", "]", True),
        (r"[\-x]", "-", True),
        (r"\*", "*", True),
        (r"\*", "a", False),
        (r"\a", "a", True),
        ("a.c", "abc", False),
        ("[z-a]", "m", False),
        ("[^z-a]", "m", True),
        ("[a^]", "^", True),
        ("**", "abc", True),
        ("[日-本]x", "日x", True),
        ("[&&a]", "&", True),
        ("[~~|]", "|", True),
    ],
)
def test_a_pattern_matches_a_name_as_in_go(pattern: str, name: str, expected: bool) -> None:
    assert bool(compiled(pattern).fullmatch(name)) is expected


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("[", "a set that `[` begins is not closed"),
        ("[a", "a set that `[` begins is not closed"),
        ("[a-", "a set that `[` begins is not closed"),
        ("[]a]", "a set has nothing where a character is due"),
        ("[-x]", "a set has nothing where a character is due"),
        ("[a-]", "a set has nothing where a character is due"),
        ("[^]a]", "a set has nothing where a character is due"),
        ("a\\", "it ends with a backslash"),
    ],
)
def test_a_malformed_pattern_is_an_error_that_says_why(pattern: str, why: str) -> None:
    with pytest.raises(ContextError) as caught:
        compiled(pattern)

    assert caught.value.message == f'"{pattern}" is not a valid pattern: {why}'
    assert caught.value.hint == "write [[] for a name that holds a `[`"


TREE = MemoryTree(
    {
        "a.txt": "",
        "b.txt": "",
        "sub/c.txt": "",
        "sub/deep/d.txt": "",
        "sub2/c.txt": "",
        "to-sub": link("sub"),
        "empty": directory(),
        "[x]": "",
    }
)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.txt", ["a.txt", "b.txt"]),
        ("*/c.txt", ["sub/c.txt", "sub2/c.txt"]),
        ("su*/*", ["sub/c.txt", "sub/deep", "sub2/c.txt"]),
        ("to-sub/*.txt", ["sub/c.txt"]),
        ("to*/c.txt", []),
        ("to-*", ["to-sub"]),
        ("nothing*", []),
        ("**/c.txt", ["sub/c.txt", "sub2/c.txt"]),
        ("**/d.txt", []),
        ("a.txt/*", []),
        ("[[]x]", ["[x]"]),
        ("s*/deep/d.txt", ["sub/deep/d.txt"]),
        ("./sub/../*.txt", ["a.txt", "b.txt"]),
        ("empty/*", []),
        ("a.txt", ["a.txt"]),
        ("missing", []),
    ],
)
def test_a_pattern_becomes_the_paths_it_matches_in_order(pattern: str, expected: list[str]) -> None:
    assert expand(TREE, pattern) == expected


def test_many_stars_take_no_longer_than_few() -> None:
    assert not compiled("*[a]*[ab]*a*a*[ab]*b*c").fullmatch("a" * 250)
    assert compiled("*[a]*[ab]*a*a*[ab]*b*c").fullmatch("a" * 250 + "bc")
