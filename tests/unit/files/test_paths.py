from __future__ import annotations

import pytest

from fakes.tree import MemoryTree, link
from stagemill.errors import ContextError
from stagemill.files.paths import clean, join, resolve, split


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("/", ""),
        (".", ""),
        ("./a//b/", "a/b"),
        ("/a/../b/", "b"),
        ("../x", "x"),
        ("a/../../..", ""),
        ("..a/b..", "..a/b.."),
    ],
)
def test_a_path_is_cleaned_within_the_root(text: str, expected: str) -> None:
    assert clean(text) == expected


def test_joining_with_the_root_or_with_nothing_adds_no_slash() -> None:
    assert [join("", "a"), join("a", ""), join("a", "b"), join("", "")] == ["a", "a", "a/b", ""]


def test_a_path_splits_into_its_directory_and_name() -> None:
    assert [split("a/b/c"), split("a"), split("")] == [("a/b", "c"), ("", "a"), ("", "")]


TREE = MemoryTree(
    {
        "usr/bin/sh": "sh",
        "bin": link("usr/bin"),
        "abs": link("/usr"),
        "up/link": link("../../../usr"),
        "chain": link("abs/bin"),
        "dangling": link("no/such"),
        "file": "x",
        "a": link("b"),
        "b": link("a"),
        "self": link("."),
    }
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", ""),
        ("usr/bin", "usr/bin"),
        ("bin/sh", "usr/bin/sh"),
        ("abs/bin/sh", "usr/bin/sh"),
        ("up/link/bin", "usr/bin"),
        ("chain/sh", "usr/bin/sh"),
        ("chain", "usr/bin"),
        ("dangling", "no/such"),
        ("dangling/x", "no/such/x"),
        ("new/deep/file", "new/deep/file"),
        ("bin/new", "usr/bin/new"),
        ("file/below", "file/below"),
        ("bin/..", "usr"),
        ("../usr", "usr"),
        ("self/self/usr", "usr"),
    ],
)
def test_symlinks_are_followed_inside_the_root(path: str, expected: str) -> None:
    assert resolve(TREE, path) == expected


def test_the_last_link_stays_where_it_is_not_to_be_followed() -> None:
    actual = [resolve(TREE, path, follow_last=False) for path in ("bin", "abs/bin", "chain")]

    assert actual == ["bin", "usr/bin", "chain"]


def test_links_in_a_circle_are_an_error_that_names_the_path() -> None:
    with pytest.raises(ContextError) as caught:
        resolve(TREE, "a/x")

    assert caught.value.message == 'the symbolic links of "/a/x" lead nowhere: more than 255 were followed'
    assert caught.value.hint == "look for links that point at each other in a circle"
