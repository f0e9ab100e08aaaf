"""Errors a person may meet: what they carry, and how a place in a file looks."""

from __future__ import annotations

import pytest

from stagemill import errors
from stagemill.errors import (
    CancelledError,
    CorruptError,
    DockerfileError,
    Excerpt,
    NotFoundError,
    RegistryError,
    StagemillError,
    StepError,
    StoreError,
    UnsupportedError,
    UsageError,
    masked,
    redacted,
)


def subclasses(root: type[StagemillError]) -> set[type[StagemillError]]:
    return {root}.union(*(subclasses(child) for child in root.__subclasses__()))


def test_an_error_has_a_message_a_hint_and_a_status() -> None:
    error = StagemillError("it failed", hint="do something")

    assert (str(error), error.message, error.hint, error.exit_code) == ("it failed", "it failed", "do something", 1)
    assert StagemillError("it failed").hint is None


@pytest.mark.parametrize(
    ("kind", "status"), [(UsageError, 2), (CancelledError, 130), (DockerfileError, 1), (StoreError, 1)]
)
def test_the_status_says_what_kind_of_failure_it_was(kind: type[StagemillError], status: int) -> None:
    assert kind("x").exit_code == status


def test_an_error_of_a_dockerfile_has_a_place() -> None:
    at = Excerpt("Dockerfile", 1, 1, 4, "FROM")

    assert DockerfileError("x", at=at).at == at
    assert UnsupportedError("x", at=at, hint="y").hint == "y"
    assert isinstance(UnsupportedError("x"), DockerfileError)


def test_a_failed_step_has_the_status_of_its_process_and_the_end_of_its_output() -> None:
    error = StepError("x", exit_code=7, tail="a\nb", log="/log")

    assert (error.exit_code, error.process_exit_code, error.tail, error.log) == (1, 7, "a\nb", "/log")


def test_a_caller_can_react_to_the_wider_kind() -> None:
    assert issubclass(CorruptError, StoreError)
    assert issubclass(NotFoundError, RegistryError)


def test_the_tree_in_the_docstring_names_every_kind_of_the_module() -> None:
    own = {kind.__name__ for kind in subclasses(StagemillError) if kind.__module__ == "stagemill.errors"}
    assert errors.__doc__ is not None

    assert [name for name in sorted(own) if name not in errors.__doc__] == []


def test_a_place_is_shown_as_file_line_and_caret() -> None:
    excerpt = Excerpt("Dockerfile", 3, 6, 7, "FROM busybox\n")

    assert str(excerpt) == "Dockerfile:3"
    assert excerpt.render() == " --> Dockerfile:3\n3 | FROM busybox\n  |      ^^^^^^^"


def test_the_gutter_is_as_wide_as_the_number() -> None:
    assert Excerpt("f", 120, 1, 1, "RUN").render() == "   --> f:120\n120 | RUN\n    | ^"


def test_tabs_before_the_caret_are_kept_so_that_it_stands_below() -> None:
    assert Excerpt("f", 1, 4, 2, "\ta\tbc").render().split("\n")[-1] == "  | \t \t^^"


@pytest.mark.parametrize(
    ("column", "length", "expected"),
    [(1, 99, "^^^"), (3, 2, "  ^"), (4, 1, "   ^"), (99, 5, "   ^"), (0, 1, "^"), (-3, 0, "^")],
)
def test_a_caret_stays_at_the_line(column: int, length: int, expected: str) -> None:
    assert Excerpt("f", 1, column, length, "abc\r\n").render().split("\n")[-1] == f"  | {expected}"


def test_an_empty_line_has_a_caret_too() -> None:
    assert Excerpt("f", 1, 1, 1, "").render() == " --> f:1\n1 | \n  | ^"


def test_neither_message_nor_hint_has_the_login_of_a_url() -> None:
    error = StagemillError("cannot read http://u:p@h", hint="is it http://u:p@h/x?")

    assert (str(error), error.hint) == ("cannot read http://***@h", "is it http://***@h/x?")


URLS = {
    "https://user:pass@h/x": ("https://h/x", "https://***@h/x"),
    "http://token@h": ("http://h", "http://***@h"),
    "HTTP://u:p@ss@h:80/": ("HTTP://h:80/", "HTTP://***@h:80/"),
    "https://u:pa/s#s?@h/x": ("https://h/x", "https://***@h/x"),
    "ssh://git:pass@h/r": ("ssh://git@h/r", "ssh://git:***@h/r"),
    "a=http://u:p@h,b=https://v:q@i": ("a=http://h,b=https://i", "a=http://***@h,b=https://***@i"),
}


@pytest.mark.parametrize("text", URLS)
def test_logins_of_urls_are_left_out_or_masked(text: str) -> None:
    assert (redacted(text), masked(text)) == URLS[text]


@pytest.mark.parametrize(
    "text",
    ["ssh://git@h/r", "git@h:r", "https://h/a@b", "https://h:80/a@b", "http://h?a=b@c", "http://[::1]:80/@", "a:b@c"],
)
def test_what_is_no_login_stays(text: str) -> None:
    assert (redacted(text), masked(text)) == (text, text)


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("ADD", "^^^"),
        ("http://user:password@h/x", "    ^^^^^^^^^^^^^^"),
        ("user", "           ^^^"),
        ("password", "              ^"),
        ("@h", "              ^^"),
        ("http://a@g", "                   ^^^^^^^^^^^^"),
        ("/here", "                                ^^^^^"),
    ],
)
def test_a_login_is_not_shown_and_the_caret_stands_where_it_stood(marked: str, expected: str) -> None:
    line = "ADD http://user:password@h/x http://a@g /here"

    shown = Excerpt("f", 1, line.index(marked) + 1, len(marked), line).render().split("\n")

    assert shown[1:] == ["1 | ADD http://***@h/x http://***@g /here", f"  | {expected}"]


@pytest.mark.parametrize(
    ("line", "column", "length", "expected"),
    [
        ("a" * 100 + "b" + "c" * 100, 101, 1, "a" * 100 + "b" + "c" * 99 + "…"),
        ("a" * 100 + "b" + "c" * 99, 101, 1, "a" * 100 + "b" + "c" * 99),
        ("a" * 300 + "b" + "c" * 300, 301, 1, "…" + "a" * 60 + "b" + "c" * 139 + "…"),
        ("a" * 300 + "b" + "c" * 3, 301, 1, "…" + "a" * 196 + "b" + "c" * 3),
        ("a" * 300 + "b" * 900, 301, 900, "…" + "a" * 60 + "b" * 140 + "…"),
    ],
)
def test_of_a_long_line_the_marked_part_is_shown(line: str, column: int, length: int, expected: str) -> None:
    _, shown, marks = Excerpt("f", 1, column, length, line).render().split("\n")

    assert shown == f"1 | {expected}"
    assert marks[4:].count(" ") == expected.index("b")
    assert marks.count("^") == expected.count("b")


def test_the_caret_heeds_wide_signs_and_those_that_take_no_room() -> None:
    excerpt = Excerpt("f", 1, 7, 3, "漢字 e\u0301 a字b")

    assert excerpt.render().split("\n")[-1] == "  |        ^^^^"
