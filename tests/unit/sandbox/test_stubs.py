"""Mount points that a tree lacks."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest

from fakes.disk import stacked
from stagemill.sandbox.inside import stubs
from stagemill.sandbox.inside.failure import Failure
from stagemill.sandbox.inside.stubs import Point
from stagemill.sandbox.inside.tree import Shown, Told
from stagemill.sandbox.seen import facts

if TYPE_CHECKING:
    from stagemill.sandbox.inside.tree import Tree


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    path = tmp_path / "tree"
    (path / "etc").mkdir(parents=True)
    (path / "usr/share").mkdir(parents=True)
    return path


Look: TypeAlias = "Callable[..., Tree]"


def _shown(tree: Path, *_targets: str) -> Tree:
    return Shown(str(tree))


def _told(tree: Path, *targets: str) -> Tree:
    return Told(facts(stacked(tree), targets))


@pytest.fixture(params=[_shown, _told], ids=["shown", "told"])
def look(request: pytest.FixtureRequest) -> Look:
    """Both ways to look at a tree, for somebody who will mount something at some targets."""
    found: Look = request.param
    return found


def lay(look: Look, tree: Path, *points: Point) -> list[str]:
    """The paths of the stub layer, directories with a slash at the end."""
    made = tree.parent / "stubs"
    made.mkdir()
    stubs.lay(str(made), look(tree, *(point.path for point in points)), points)
    return sorted(str(path.relative_to(made)) + "/" * path.is_dir() for path in made.rglob("*"))


@pytest.mark.parametrize(
    ("links", "path", "expected"),
    [
        ({}, "/etc/hosts", "etc/hosts"),
        ({}, "/a/../b/./c", "b/c"),
        ({}, "/../../etc", "etc"),
        ({"etc/resolv.conf": "../run/resolv"}, "/etc/resolv.conf", "run/resolv"),
        ({"etc/resolv.conf": "/run/resolv"}, "/etc/resolv.conf", "run/resolv"),
        ({"etc/resolv.conf": "../../../../outside"}, "/etc/resolv.conf", "outside"),
        ({"a": "b", "b": "etc"}, "/a/x", "etc/x"),
        ({"a": "/"}, "/a/x", "x"),
    ],
)
def test_symlinks_are_followed_inside_the_tree(
    look: Look, tree: Path, links: dict[str, str], path: str, expected: str
) -> None:
    for name, target in links.items():
        (tree / name).symlink_to(target)

    assert stubs.locate(look(tree, path), path) == expected


def test_a_circle_of_symlinks_is_an_error(look: Look, tree: Path) -> None:
    (tree / "a").symlink_to("b")
    (tree / "b").symlink_to("a")

    with pytest.raises(Failure) as caught:
        stubs.locate(look(tree, "/a/x"), "/a/x")

    assert caught.value.message == "cannot mount at /a/x: too many symlinks on the way in the image"


def test_only_what_is_missing_is_made(look: Look, tree: Path) -> None:
    (tree / "proc").mkdir()
    (tree / "etc/hosts").write_text("mine")

    made = lay(
        look,
        tree,
        Point("/proc", directory=True),
        Point("/sys", directory=True),
        Point("/etc/hosts", directory=False),
        Point("/etc/resolv.conf", directory=False),
        Point("/data/in/depth", directory=True),
    )

    assert made == ["data/", "data/in/", "data/in/depth/", "etc/", "etc/resolv.conf", "sys/"]


def test_two_points_may_share_what_is_made(look: Look, tree: Path) -> None:
    made = lay(look, tree, Point("/data/a", directory=True), Point("/data/b", directory=False))

    assert made == ["data/", "data/a/", "data/b"]


def test_a_shared_directory_looks_like_the_tree_s(look: Look, tree: Path) -> None:
    (tree / "etc").chmod(0o710)
    os.setxattr(tree / "etc", "user.kept", b"1")
    os.setxattr(tree / "etc", "user.overlay.opaque", b"y")
    os.utime(tree / "etc", ns=(5, 1_234_567_890_123_456_789))

    lay(look, tree, Point("/etc/hosts", directory=False))

    copy = tree.parent / "stubs/etc"
    assert (copy.stat().st_mode, copy.stat().st_mtime_ns) == ((tree / "etc").stat().st_mode, 1_234_567_890_123_456_789)
    assert os.listxattr(copy) == ["user.kept"]


def test_what_the_tree_does_not_have_at_all_is_as_old_as_time(look: Look, tree: Path) -> None:
    lay(look, tree, Point("/data/in", directory=True))

    assert [(tree.parent / "stubs" / name).stat().st_mtime_ns for name in ("data", "data/in")] == [0, 0]


@pytest.mark.parametrize(
    ("point", "message"),
    [
        (Point("/", directory=True), "cannot mount over /: that is the root of the tree"),
        (Point("/etc", directory=False), "cannot mount at /etc: found a directory in the image, wanted a file"),
        (Point("/file", directory=True), "cannot mount at /file: found a file in the image, wanted a directory"),
        (Point("/file/deep/er", directory=True), "cannot mount at /file/deep/er: /file is no directory in the image"),
    ],
)
def test_what_is_in_the_way_is_an_error(look: Look, tree: Path, point: Point, message: str) -> None:
    (tree / "file").write_text("")

    with pytest.raises(Failure) as caught:
        lay(look, tree, point)

    assert caught.value.message == message
