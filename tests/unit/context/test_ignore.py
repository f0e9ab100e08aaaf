from __future__ import annotations

import pytest

from stagemill.context.ignore import IgnoreRules
from stagemill.errors import ContextError


def rules(*lines: str) -> IgnoreRules:
    return IgnoreRules.parse("\n".join(lines), ".dockerignore")


def kept(lines: list[str], paths: list[str]) -> list[str]:
    found = rules(*lines)
    return [path for path in paths if not found.excluded(path)]


def test_patterns_are_anchored_at_the_root_and_reach_below_directories() -> None:
    actual = kept(["/secret", "*.log", "tmp"], ["secret", "d/secret", "a.log", "d/b.log", "tmp/x/y", "d/tmp"])

    assert actual == ["d/secret", "d/b.log", "d/tmp"]


def test_the_last_rule_that_matches_decides() -> None:
    paths = ["a.md", "README.md", "README-secret.md"]

    assert kept(["*.md", "!README*.md", "README-secret.md"], paths) == ["README.md"]
    assert kept(["*.md", "README-secret.md", "!README*.md"], paths) == ["README.md", "README-secret.md"]


def test_an_exception_keeps_files_below_a_directory_that_is_left_out() -> None:
    actual = kept(["*", "!**/*.rs"], ["top.rs", "top.txt", "sub", "sub/in.rs", "sub/in.txt", "sub/deep/x.rs"])

    assert actual == ["top.rs", "sub/in.rs", "sub/deep/x.rs"]


def test_an_exception_for_a_directory_keeps_all_below_it() -> None:
    actual = kept(["*", "!src", "src/gen"], ["src", "src/a", "src/gen", "src/gen/b", "other"])

    assert actual == ["src", "src/a"]


def test_an_exception_for_a_parent_does_not_bring_back_what_an_earlier_rule_left_out_below() -> None:
    # As in a build with BuildKit, whose walk does not try `!a` on the directory that no rule left out.
    assert kept(["a/x", "!a"], ["a", "a/x", "a/y"]) == ["a", "a/y"]


def test_blanks_comments_a_byte_order_mark_and_carriage_returns_are_dropped() -> None:
    found = IgnoreRules.parse("\ufeff# comment\r\n\r\n/secret\r\n  tmp/  \r\n#hash\r\n #spaced\n", ".dockerignore")

    assert [(rule.line, rule.text) for rule in found.rules] == [(3, "/secret"), (4, "tmp/"), (6, "#spaced")]
    assert [found.excluded(path) for path in ("#hash", "#spaced", "tmp/x")] == [False, True, True]


@pytest.mark.parametrize(
    ("line", "path", "expected"),
    [
        ("./a", "a", True),
        ("a//b/", "a/b", True),
        ("a/../b", "b", True),
        ("../a", "a", False),
        ("/../a", "a", True),
        (".", "a", False),
        ("/", "a", False),
        ("**/", "a/b", True),
        ("!a", "a", False),
    ],
)
def test_patterns_are_cleaned(line: str, path: str, expected: bool) -> None:
    assert rules(line).excluded(path) is expected


def test_an_exception_may_be_written_with_a_space_and_a_slash() -> None:
    assert kept(["*", "! /a", "!!b"], ["a", "b", "!b"]) == ["a", "!b"]


def test_the_root_is_never_left_out() -> None:
    assert rules("*", "**").excluded("") is False


def test_the_rule_that_leaves_a_path_out_is_named_and_none_for_one_that_is_kept() -> None:
    found = rules("# x", "node_modules/", "!node_modules/keep")

    actual = [found.rule_for(path) for path in ("node_modules/a/b", "node_modules/keep/c", "src")]

    assert actual == [(2, "node_modules/"), None, None]


@pytest.mark.parametrize(
    ("lines", "directory", "expected"),
    [
        (["*"], "a", False),
        (["*", "!b"], "a", False),
        (["*", "!b"], "b", True),
        (["*", "!a/b/c"], "a", True),
        (["*", "!a/b/c"], "a/b", True),
        (["*", "!a/b/c"], "a/d", False),
        (["*", "!ab"], "a", False),
        (["*", "!a/*.md"], "a/b", True),
        (["*", "!a/*.md"], "b", False),
        (["*", "!**/*.rs"], "a/b", True),
    ],
)
def test_a_directory_is_searched_only_where_an_exception_could_match(
    lines: list[str], directory: str, expected: bool
) -> None:
    assert rules(*lines).may_reinclude_below(directory) is expected


@pytest.mark.parametrize("line", ["!", "! ", "!/"])
def test_an_exception_without_a_pattern_is_an_error(line: str) -> None:
    with pytest.raises(ContextError) as caught:
        rules("a", line)

    assert caught.value.message == f'.dockerignore:2: "{line.strip()}" is an exception from nothing'
    assert caught.value.hint == "write a pattern after the `!`"


def test_a_deep_path_needs_no_recursion() -> None:
    assert rules("x").excluded("/".join(["x"] * 3000)) is True


def test_rules_say_whether_they_have_exceptions_and_whether_they_leave_everything_out() -> None:
    assert (rules("a", "!b").has_exceptions, rules("a").has_exceptions) == (True, False)
    assert [rules(line).hides_all for line in ("*", "**", "**/*", "/*", "a", ".*", "!*")] == [
        True, True, True, True, False, False, False,
    ]  # fmt: skip
