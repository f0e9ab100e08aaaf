from __future__ import annotations

import os
from pathlib import Path

import pytest

from stagemill.store.removal import remove_tree


def nest(directory: Path, depth: int) -> None:
    before = os.open(".", os.O_RDONLY)
    try:
        os.chdir(directory)
        for _ in range(depth):
            os.mkdir("d" * 30)
            os.chdir("d" * 30)
            Path("file").touch()
    finally:
        os.fchdir(before)
        os.close(before)


def test_files_and_directories_are_gone(tmp_path: Path) -> None:
    (tmp_path / "top" / "sub").mkdir(parents=True)
    (tmp_path / "top" / "sub" / "file").touch()
    os.mkfifo(tmp_path / "top" / "fifo")

    remove_tree(tmp_path / "top")

    assert list(tmp_path.iterdir()) == []


def test_a_file_and_a_missing_path_are_fine(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    remove_tree(tmp_path / "file")
    remove_tree(tmp_path / "file")

    assert list(tmp_path.iterdir()) == []


def test_symlinks_are_removed_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").touch()
    (tmp_path / "top").mkdir()
    (tmp_path / "top" / "link").symlink_to(tmp_path / "kept")
    (tmp_path / "itself").symlink_to(tmp_path / "kept")

    remove_tree(tmp_path / "top")
    remove_tree(tmp_path / "itself")

    assert [path.name for path in tmp_path.rglob("*")] == ["kept", "file"]


def test_a_tree_deeper_than_any_path_can_say_is_removed(tmp_path: Path) -> None:
    (tmp_path / "top").mkdir()
    nest(tmp_path / "top", 400)

    remove_tree(tmp_path / "top")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o000, 0o444, 0o555, 0o111])
def test_directories_that_their_owner_may_not_change_are_removed_without_privileges(
    unprivileged: Path, mode: int
) -> None:
    inner = unprivileged / "top" / "work" / "inner"
    inner.mkdir(parents=True)
    (inner / "file").touch()
    for directory in (inner, inner.parent, inner.parent.parent):
        directory.chmod(mode)

    remove_tree(unprivileged / "top")

    assert list(unprivileged.iterdir()) == []


def test_deep_read_only_directories_are_removed_without_privileges(unprivileged: Path) -> None:
    (unprivileged / "top").mkdir()
    nest(unprivileged / "top", 100)
    for directory, _, _ in os.walk(unprivileged / "top", topdown=False):
        os.chmod(directory, 0o500)

    remove_tree(unprivileged / "top")

    assert list(unprivileged.iterdir()) == []
