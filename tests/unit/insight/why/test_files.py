"""Which files of a context differ, and how."""

from __future__ import annotations

import pytest

from stagemill.insight.why.causes import FileChange
from stagemill.insight.why.files import changed_files, told

FILE = "file\x00644\x00\x005\x00aa\x00\x00\x00\x00"
FOLDER = "dir\x00755\x00\x000\x00\x00\x00\x00\x00"
NOTHING: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())


@pytest.mark.parametrize(
    ("before", "after", "how"),
    [
        ("aa", "bb", ("content",)),
        ("644", "755", ("mode",)),
        ("\x005\x00aa", "\x006\x00bb", ("content",)),
        ("file", "symlink", ("type",)),
        ("644\x00\x00", "644\x000:0\x00", ("owner",)),
    ],
)
def test_a_file_says_how_it_differs(before: str, after: str, how: tuple[str, ...]) -> None:
    now = FILE.replace(before, after, 1)

    assert changed_files({"a": now}, {"a": FILE}, rules=NOTHING) == (FileChange("a", how),)


def test_what_is_equal_is_not_named() -> None:
    assert changed_files({"a": FILE}, {"a": FILE}, rules=NOTHING) == ()


def test_a_new_directory_is_not_named_beside_a_file_in_it() -> None:
    found = changed_files({"d": FOLDER, "d/f": FILE, "e": FOLDER}, {}, rules=NOTHING)

    assert found == (FileChange("d/f", ("added",)), FileChange("e", ("added",)))


def test_files_enter_and_leave_by_the_rules_of_the_ignore_file_where_those_were_changed() -> None:
    rules = ("*.log",), ("*.txt",)
    now, then = {"a.txt": FILE, "b": FILE}, {"a.log": FILE, "c": FILE}

    assert told(changed_files(now, then, rules=rules)) == "a.txt is not ignored any more, b is new and 2 more"
    assert [change.how[0] for change in changed_files(now, then, rules=rules)] == [
        "not ignored any more", "added", "ignored now", "removed",
    ]  # fmt: skip
    assert changed_files(now, then, rules=(("*.log",), ("*.log",)))[0].how == ("added",)


def test_without_names_it_is_said_that_there_are_some() -> None:
    assert told(()) == "files of the context changed"
