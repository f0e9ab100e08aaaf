from __future__ import annotations

import os
from pathlib import Path

import pytest

from fakes.disk import shown, stacked
from fakes.tree import MemoryTree, directory, link
from stagemill.errors import StagemillError
from stagemill.execute.make_directory import make_directory
from stagemill.graph.operations import MakeDirectory

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="owners need root, or a user namespace")

TREE = MemoryTree(
    {
        "": directory(mtime_ns=9),
        "srv": directory(mode=0o700, uid=3, mtime_ns=8),
        "current": link("/srv/v1"),
        "file": "",
        "etc/passwd": "node:x:1000:1001:::\n",
    }
)


def made(into: Path, path: str, user: str = "") -> dict[str, str]:
    assert make_directory(MakeDirectory(path, user), TREE, into=into) == {}
    return shown(into)


def test_what_is_missing_of_a_path_is_made_and_is_the_users(tmp_path: Path) -> None:
    actual = made(tmp_path, "/srv/job/deep/er", "1000:1000")

    assert actual == {
        "srv": "dir 0700 3:0",
        "srv/job": "dir 0755 1000:1000",
        "srv/job/deep": "dir 0755 1000:1000",
        "srv/job/deep/er": "dir 0755 1000:1000",
    }
    times = [entry.mtime_ns for entry in map(stacked(tmp_path).lstat, ("", "srv", "srv/job")) if entry]
    assert times == [9, 8, 0]


@pytest.mark.parametrize(("user", "owner"), [("", "0:0"), ("node", "1000:1001"), ("5", "5:5")])
def test_the_owner_is_the_user_of_the_image(tmp_path: Path, user: str, owner: str) -> None:
    assert made(tmp_path, "/w", user) == {"w": f"dir 0755 {owner}"}


def test_a_directory_that_exists_is_left_alone(tmp_path: Path) -> None:
    assert made(tmp_path, "/srv", "node") == {}


def test_links_are_followed_inside_the_tree(tmp_path: Path) -> None:
    assert list(made(tmp_path, "/current/x")) == ["srv", "srv/v1", "srv/v1/x"]


def test_the_umask_does_not_matter(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        actual = made(tmp_path, "/w/x")
    finally:
        os.umask(before)

    assert actual == {"w": "dir 0755 0:0", "w/x": "dir 0755 0:0"}


def test_a_file_of_that_name_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StagemillError) as caught:
        made(tmp_path, "/file")

    assert caught.value.message == "cannot make the directory /file: there is a file at /file"
    assert caught.value.hint == "use another path"


def test_a_file_on_the_way_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StagemillError) as caught:
        made(tmp_path, "/file/x")

    assert caught.value.message == "cannot make the directory /file/x: there is a file at /file"


def test_a_user_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StagemillError) as caught:
        made(tmp_path, "/w", "nod")

    assert caught.value.message == 'USER names the user "nod", which /etc/passwd of the image does not have'
    assert caught.value.hint == 'did you mean "node"?'
