"""The ignore rules against a matcher that is written as the documents tell it: slow, and one step at a time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stagemill.context.ignore import IgnoreRules

NAMES = st.sampled_from(["a", "b", "ab", "a.b", "c"])
PATHS = st.lists(NAMES, min_size=1, max_size=5).map("/".join)
WORDS = st.sampled_from(["a", "b", "ab", "*", "a*", "*b", "?", "**", "[ab]", "[^a]", "a.b", "*.b", "a**", "**b"])
PATTERNS = st.lists(WORDS, min_size=1, max_size=5).map("/".join)
LINES = st.lists(st.tuples(st.booleans(), PATTERNS), max_size=6)


def naive_match(pattern: str, path: str) -> bool:
    """Whether a pattern that is no special case matches a whole path, by trying every way."""
    if not pattern:
        return not path
    if pattern.startswith("**"):
        rest = pattern[3:] if pattern.startswith("**/") else pattern[2:]
        if not rest:
            return True
        after_slash = [i + 1 for i, sign in enumerate(path) if sign == "/"]
        return any(naive_match(rest, path[i:]) for i in [0, *after_slash])
    if pattern[0] == "*":
        ends = range(next((i for i, sign in enumerate(path) if sign == "/"), len(path)) + 1)
        return any(naive_match(pattern[1:], path[i:]) for i in ends)
    if not path:
        return False
    if pattern.startswith("[ab]"):
        return path[0] in "ab" and naive_match(pattern[4:], path[1:])
    if pattern.startswith("[^a]"):
        return path[0] != "a" and naive_match(pattern[4:], path[1:])
    if pattern[0] == "?":
        return path[0] != "/" and naive_match(pattern[1:], path[1:])
    return pattern[0] == path[0] and naive_match(pattern[1:], path[1:])


def matches(pattern: str, path: str) -> bool:
    plain = not any(sign in pattern.strip("*") for sign in "*?[")
    if plain and pattern.startswith("**") and not pattern.endswith("**"):
        end = pattern[2:]
        return path.endswith(end) or (end.startswith("/") and path == end[1:])
    if plain and pattern.endswith("**") and not pattern.startswith("*"):
        return path.startswith(pattern[:-2])
    return naive_match(pattern, path)


def naive(lines: list[tuple[bool, str]], path: str) -> bool:
    """Walks from the top to the path, as BuildKit's client does."""
    inherited = [False] * len(lines)
    excluded = False
    names = path.split("/")
    for depth in range(1, len(names) + 1):
        current = "/".join(names[:depth])
        excluded = False
        matched = []
        for (exception, pattern), above in zip(lines, inherited, strict=True):
            hit = above or (exception == excluded and matches(pattern, current))
            matched.append(hit)
            excluded = not exception if hit else excluded
        inherited = matched
    return excluded


def text_of(lines: list[tuple[bool, str]]) -> str:
    return "\n".join(("!" if exception else "") + pattern for exception, pattern in lines)


@given(LINES, PATHS)
def test_the_rules_agree_with_the_naive_matcher(lines: list[tuple[bool, str]], path: str) -> None:
    rules = IgnoreRules.parse(text_of(lines), "x")

    assert rules.excluded(path) == naive(lines, path)
    assert rules.judge(path.rpartition("/")[0])(path) == naive(lines, path)


@given(LINES, PATHS)
def test_a_path_is_left_out_exactly_where_a_rule_is_named(lines: list[tuple[bool, str]], path: str) -> None:
    rules = IgnoreRules.parse(text_of(lines), "x")

    assert rules.excluded(path) == (rules.rule_for(path) is not None)


@given(LINES, PATHS, PATHS)
def test_nothing_is_kept_below_a_directory_that_is_not_searched(
    lines: list[tuple[bool, str]], directory: str, below: str
) -> None:
    rules = IgnoreRules.parse(text_of(lines), "x")

    searched = not rules.excluded(directory) or rules.may_reinclude_below(directory)

    assert searched or rules.excluded(f"{directory}/{below}")
