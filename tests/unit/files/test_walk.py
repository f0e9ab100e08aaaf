from __future__ import annotations

from fakes.tree import MemoryTree, link
from stagemill.files.walk import walk

TREE = MemoryTree({"b/y": "", "b/x/z": "", "a": "", "b.txt": "", "l": link("b")})


def test_a_walk_meets_parents_first_and_names_in_order() -> None:
    actual = [path for path, _ in walk(TREE, "")]

    assert actual == ["", "a", "b", "b/x", "b/x/z", "b/y", "b.txt", "l"]


def test_a_walk_begins_with_its_own_path() -> None:
    actual = [(path, entry.kind) for path, entry in walk(TREE, "b/x")]

    assert actual == [("b/x", "dir"), ("b/x/z", "file")]


def test_a_walk_of_a_link_does_not_follow_it() -> None:
    assert [path for path, _ in walk(TREE, "l")] == ["l"]


def test_a_walk_of_what_does_not_exist_is_empty() -> None:
    assert list(walk(TREE, "nothing")) == []
