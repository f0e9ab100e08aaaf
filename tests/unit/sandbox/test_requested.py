"""Where the mounts of a request go: symlinks of the tree, the order, and which mount points the tree must have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stagemill.sandbox.inside import requested
from stagemill.sandbox.inside.failure import Failure
from stagemill.sandbox.inside.stubs import Point
from stagemill.sandbox.inside.tree import Shown

if TYPE_CHECKING:
    from stagemill.sandbox.inside.wire import TmpfsRequest


def tmpfs(target: str) -> TmpfsRequest:
    return {
        "kind": "tmpfs", "target": target, "directory": True, "read_only": False, "size": 0, "mode": 0o1777, "uid": 0, "gid": 0,
        "executable": True,
    }  # fmt: skip


def paths(tree: Path, *targets: str) -> list[str]:
    return [place.path for place in requested.places(map(tmpfs, targets), Shown(str(tree)))]


def test_what_lies_in_another_mount_comes_after_it(tmp_path: Path) -> None:
    assert paths(tmp_path, "/a/b/c", "/x/y", "/a", "/a/b") == ["/a", "/x/y", "/a/b", "/a/b/c"]


def test_links_of_the_tree_are_followed_inside_of_it_before_they_are_ordered(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var/run").symlink_to("/run")
    (tmp_path / "up").symlink_to("../../../etc")

    assert paths(tmp_path, "/var/run/x/y", "/run/x", "/up/z", "../b/./c") == ["/run/x", "/etc/z", "/b/c", "/run/x/y"]


def test_the_tree_needs_mount_points_for_those_that_lie_in_no_other_mount(tmp_path: Path) -> None:
    found = requested.places(map(tmpfs, ["/a/b", "/a", "/ab", "/dev/x", "/b/c"]), Shown(str(tmp_path)))

    points = requested.points(found, covered=["/dev"])

    assert points == [Point("/a", directory=True), Point("/ab", directory=True), Point("/b/c", directory=True)]


@pytest.mark.parametrize("target", ["/proc", "/proc/self/fd", "/sys/../proc/x", "/link/x"])
def test_nothing_is_mounted_in_proc(tmp_path: Path, target: str) -> None:
    (tmp_path / "link").symlink_to("proc/self")

    with pytest.raises(Failure) as caught:
        paths(tmp_path, target)

    assert caught.value.message == f"cannot mount at {target}: /proc is the kernel's"
    assert caught.value.hint == "mount somewhere else"
