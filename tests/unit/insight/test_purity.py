"""What two layers differ in that one step made of the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from stagemill.digest import Digest
from stagemill.files.view import Entry
from stagemill.insight.purity import differences
from stagemill.layer.disk import WHITEOUT
from stagemill.layer.index import IndexEntry, LayerIndex

FILE = IndexEntry("a/f", Entry("file", 0o644, 0, 0, 3, 1), Digest.of(b"one"))
FOLDER = IndexEntry("a", Entry("dir", 0o755, 0, 0, 0, 1))


def changed(**facts: Any) -> IndexEntry:
    return replace(FILE, entry=replace(FILE.entry, **facts))


@pytest.mark.parametrize(
    ("other", "how"),
    [
        (changed(mtime_ns=2), ()),
        (replace(FILE, digest=Digest.of(b"two")), ("content (3 bytes)",)),
        (replace(changed(size=4), digest=Digest.of(b"four")), ("content (3 → 4 bytes)",)),
        (changed(mode=0o755), ("mode 644 → 755",)),
        (changed(uid=1, gid=2), ("owner 0:0 → 1:2",)),
        (changed(xattrs=(("user.a", b"1"),)), ("attributes",)),
        (replace(changed(kind="symlink", target="x"), digest=None), ("file → symlink",)),
        (IndexEntry("a/f", WHITEOUT, whiteout=True), ("file → removed",)),
    ],
)
def test_a_path_says_how_it_differs(other: IndexEntry, how: tuple[str, ...]) -> None:
    found = differences(LayerIndex([FOLDER, FILE]), LayerIndex([FOLDER, other]))

    assert [(one.path, one.how) for one in found] == ([("a/f", how)] if how else [])


def test_what_only_one_of_them_has_is_named_without_its_directories() -> None:
    found = differences(LayerIndex([FOLDER, FILE]), LayerIndex([]))
    assert [(one.path, one.how) for one in found] == [("a/f", ("only the first time",))]

    found = differences(LayerIndex([]), LayerIndex([FOLDER, FILE]))
    assert [(one.path, one.how) for one in found] == [("a/f", ("only the second time",))]


def test_links_devices_and_hidden_directories_count() -> None:
    one = [
        IndexEntry("l", Entry("symlink", 0o777, 0, 0, 0, 0, "x")),
        IndexEntry("c", Entry("char", 0, 0, 0, 0, 0, "", (1, 3))),
    ]
    two = [
        IndexEntry("l", Entry("symlink", 0o777, 0, 0, 0, 0, "y")),
        IndexEntry("c", Entry("char", 0, 0, 0, 0, 0, "", (1, 5))),
    ]

    found = differences(LayerIndex([*one, FOLDER]), LayerIndex([*two, replace(FOLDER, opaque=True)]))

    assert [(one.path, one.how) for one in found] == [
        ("a", ("what it hides",)), ("c", ("device",)), ("l", ("target x → y",)),
    ]  # fmt: skip
