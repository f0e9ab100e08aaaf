"""Statements as files at the top of a tree."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fakes.tree import MemoryTree
from stagemill.digest import Digest
from stagemill.errors import StagemillError
from stagemill.export.beside import Beside, of_platform
from stagemill.files.walk import walk


def test_they_are_beside_the_files_of_the_tree(tmp_path: Path) -> None:
    statement = tmp_path / "0"
    statement.write_bytes(b"said")
    tree = Beside.of(MemoryTree({"a/b": "x", "z": "y"}), {"p.json": statement}, 5.5)

    assert [path for path, _ in walk(tree)] == ["", "a", "a/b", "p.json", "z"]
    entry = tree.lstat("p.json")
    assert entry
    assert (entry.kind, entry.mode, entry.uid, entry.size, entry.mtime_ns) == ("file", 0o600, 0, 4, 5 * 10**9)
    assert (tree.digest("p.json"), tree.real_path("p.json")) == (Digest.of(b"said"), statement)
    assert (tree.digest("z"), tree.real_path("z").read_bytes()) == (Digest.of(b"y"), b"y")
    assert tree.listdir("a") == ["b"]
    assert tree.lstat("a/p.json") is None


def test_a_file_of_the_tree_is_not_written_over(tmp_path: Path) -> None:
    with pytest.raises(StagemillError) as caught:
        Beside.of(MemoryTree({"p.json": "own"}), {"p.json": Path(os.devnull)}, 0)

    assert caught.value.message == "the result has a p.json of its own, where a statement is to be"
    assert caught.value.hint == (
        "give the statement another name with filename=, or all of them attestation-prefix= in --output"
    )


@pytest.mark.parametrize(
    ("name", "folder", "expected"),
    [
        ("sbom.spdx.json", "linux_arm64", "sbom.spdx.linux_arm64.json"),
        ("provenance", "linux_arm64", "provenance.linux_arm64"),
        (".json", "linux_arm64", ".json.linux_arm64"),
        ("p.json", "", "p.json"),
    ],
)
def test_a_platform_stands_before_the_ending_of_a_name(name: str, folder: str, expected: str) -> None:
    assert of_platform(name, folder) == expected
