"""Emptying a directory of what a tree does not have."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.tree import MemoryTree, directory, file, link
from stagemill.errors import StagemillError
from stagemill.export.local import filesystem_directory
from stagemill.export.mirror import cleared


def fill(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("old")


def left(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


def test_what_the_tree_has_stays_and_all_else_goes(tmp_path: Path) -> None:
    fill(tmp_path, "kept/a", "kept/b", "gone/c/d", "e")
    tree = MemoryTree({"kept/a": "new"})

    gone = cleared(tree, tmp_path)

    assert gone == ["e", "gone", "kept/b"]
    assert left(tmp_path) == ["kept", "kept/a"]


def test_no_symlink_leads_out(tmp_path: Path) -> None:
    outside, out = tmp_path / "outside", tmp_path / "out"
    fill(outside, "a/precious", "b/precious")
    out.mkdir()
    (out / "a").symlink_to(outside / "a")
    (out / "b").symlink_to(outside / "b")
    (out / "up").symlink_to("..")

    filesystem_directory(MemoryTree({"a/new": "new"}), out, mirror=True)

    assert left(outside) == ["a", "a/precious", "b", "b/precious"]
    assert left(out) == ["a", "a/new"]
    assert not (out / "a").is_symlink()


def test_the_destination_itself_may_be_a_link(tmp_path: Path) -> None:
    fill(tmp_path, "real/old")
    (tmp_path / "out").symlink_to("real")

    filesystem_directory(MemoryTree({"new": "new"}), tmp_path / "out", mirror=True)

    assert left(tmp_path / "real") == ["new"]


def test_kinds_may_change_in_any_way(tmp_path: Path) -> None:
    fill(tmp_path, "file/was/directory", "directory", "link/was/directory")
    tree = MemoryTree({"file": "x", "directory": directory(), "directory/a": "a", "link": link("file")})

    filesystem_directory(tree, tmp_path, mirror=True)

    assert left(tmp_path) == ["directory", "directory/a", "file", "link"]
    assert (tmp_path / "link").read_text() == "x"


def test_modes_do_not_keep_anything(tmp_path: Path) -> None:
    fill(tmp_path, "kept/locked/a", "gone/locked/a")
    for name in ("kept/locked", "gone/locked", "gone", "kept"):
        (tmp_path / name).chmod(0o500)

    filesystem_directory(
        MemoryTree({"kept": directory(mode=0o555), "kept/locked": directory(mode=0o555)}), tmp_path, mirror=True
    )

    assert left(tmp_path) == ["kept", "kept/locked"]


def test_what_went_is_told(tmp_path: Path) -> None:
    fill(tmp_path, "a", "b", "c", "d", "e")
    said: list[str] = []

    filesystem_directory(MemoryTree({"a": file("x")}), tmp_path, notice=said.append, mirror=True)
    filesystem_directory(MemoryTree({"a": file("x")}), tmp_path, notice=said.append, mirror=True)

    assert said == [f"removed from {tmp_path} what the build does not have: b, c, d and 1 more"]


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="mounts something")
def test_another_file_system_is_not_emptied(tmp_path: Path) -> None:
    fill(tmp_path, "disk/precious")
    (tmp_path / "out/disk").mkdir(parents=True)
    python = f"""
from fakes.tree import MemoryTree
from pathlib import Path
from stagemill.export.mirror import cleared
cleared(MemoryTree({{}}), Path({str(tmp_path / "out")!r}))
"""
    script = 'mount -t tmpfs none out/disk && touch out/disk/precious && "$0" -c "$1"; ls out/disk'
    command = ["unshare", "-m", "sh", "-c", script, sys.executable, python]

    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": ":".join(sys.path)},
    )

    assert done.stdout == "precious\n"
    assert f"cannot remove {tmp_path}/out/disk, which the build does not have: another file system" in done.stderr


def test_what_cannot_be_removed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_directory: int, name: str) -> None:
        raise OSError(13, "Permission denied", name)

    fill(tmp_path, "a")
    monkeypatch.setattr("stagemill.export.mirror.remove_in", refuse)

    with pytest.raises(StagemillError) as caught:
        cleared(MemoryTree({}), tmp_path)

    assert caught.value.message == f"cannot remove {tmp_path}/a, which the build does not have: Permission denied"
    assert caught.value.hint == "check the permissions of the destination, or leave out mode=delete"
