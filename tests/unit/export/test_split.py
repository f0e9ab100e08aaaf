"""Trees of several platforms as one."""

from __future__ import annotations

import pytest

from fakes.tree import MemoryTree, directory, file
from stagemill.errors import StagemillError
from stagemill.export.split import Merged, Split, folder
from stagemill.files.view import FileView
from stagemill.files.walk import walk
from stagemill.oci.platform import Platform

ONE = MemoryTree({"bin": directory(mode=0o700), "bin/app": "one", "only": "1"})
TWO = MemoryTree({"bin": directory(mode=0o755), "bin/app2": "two"})
HERE = MemoryTree({"bin/app": "other"})


def paths(view: FileView) -> list[str]:
    return [path for path, _ in walk(view)]


@pytest.mark.parametrize(
    ("platform", "name"),
    [
        (Platform("linux", "arm", "v7"), "linux_arm_v7"),
        (Platform("windows", "amd64", os_version="10.0.17763.1"), "windows(10.0.17763.1)_amd64"),
    ],
)
def test_a_platform_has_a_directory(platform: Platform, name: str) -> None:
    assert folder(platform) == name


class TestSplit:
    view = Split({"b": TWO, "a": ONE})

    def test_each_tree_has_its_directory(self) -> None:
        assert paths(self.view) == ["", "a", "a/bin", "a/bin/app", "a/only", "b", "b/bin", "b/bin/app2"]

    def test_files_are_those_of_the_trees(self) -> None:
        assert self.view.digest("a/bin/app") == ONE.digest("bin/app")
        assert self.view.lstat("a/bin/app") == ONE.lstat("bin/app")

    def test_elsewhere_is_nothing(self) -> None:
        assert (self.view.lstat("c"), self.view.lstat("c/d"), self.view.listdir("c")) == (None, None, [])


class TestMerged:
    def test_all_files_lie_in_one_place_and_the_first_directory_counts(self) -> None:
        view = Merged.of({"a": ONE, "b": TWO})

        assert paths(view) == ["", "bin", "bin/app", "bin/app2", "only"]
        assert view.digest("bin/app2") == TWO.digest("bin/app2")
        assert view.lstat("bin") == ONE.lstat("bin")

    @pytest.mark.parametrize("other", [HERE, MemoryTree({"bin/app/x": "a directory"})])
    def test_nothing_is_overwritten(self, other: FileView) -> None:
        with pytest.raises(StagemillError) as caught:
            Merged.of({"a": ONE, "b": other})

        assert caught.value.message == "cannot overwrite bin/app of a with that of b where platforms are not split"
        assert caught.value.hint is not None
        assert "platform-split=false" in caught.value.hint


def test_one_inode_in_two_trees_is_two_files() -> None:
    first = MemoryTree({"x": file("x", node=7), "y": file("x", node=7)})
    merged = Merged.of({"a": first, "b": MemoryTree({"z": file("x", node=7)})})

    nodes = [entry.node for _, entry in walk(merged) if entry.kind == "file"]

    assert nodes[0] == nodes[1] != nodes[2]
