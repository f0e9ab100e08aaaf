from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.clocks import next_tick
from stagemill.context.look import Look, look


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "file").write_text("text")
    (tmp_path / "other").write_text("text")
    (tmp_path / "link").symlink_to("file")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "below").mkdir()
    (tmp_path / "below/file").write_text("text")
    for path in sorted(tmp_path.rglob("*")):
        os.utime(path, ns=(0, 0), follow_symlinks=False)
    return tmp_path


def of(folder: Path, *hidden: str) -> Look:
    with os.scandir(folder) as listing:
        return look(os.fspath(folder), list(listing), frozenset(hidden))


def other_times(path: Path) -> None:
    os.utime(path, ns=(0, 1))


def relinked(path: Path) -> None:
    (path.parent / "link").unlink()
    (path.parent / "link").symlink_to("pipe")
    os.utime(path.parent / "link", ns=(0, 0), follow_symlinks=False)


def rewritten(path: Path) -> None:
    path.write_text("TEXT")
    os.utime(path, ns=(0, 0))


def folder_for_file(path: Path) -> None:
    path.unlink()
    path.mkdir()


CHANGES: dict[str, Callable[[Path], object]] = {
    "content": lambda file: file.write_text("more text"),
    "content and time": rewritten,
    "time": other_times,
    "mode": lambda file: file.chmod(0o755),
    "owner": lambda file: os.chown(file, os.getuid(), os.getgid()),
    "attribute": lambda file: os.setxattr(file, "user.a", b"b"),
    "second name": lambda file: os.link(file, file.parent.parent / "elsewhere"),
    "replaced": lambda file: (file.parent / "other").rename(file),
    "gone": lambda file: file.unlink(),
    "new": lambda file: (file.parent / "new").write_text(""),
    "renamed": lambda file: file.rename(file.parent / "moved"),
    "link": relinked,
    "mode of a folder": lambda file: (file.parent / "below").chmod(0o700),
    "attribute of a folder": lambda file: os.setxattr(file.parent / "below", "user.a", b"b"),
    "folder for a file": folder_for_file,
}


@pytest.mark.parametrize("change", CHANGES)
def test_any_change_in_a_folder_gives_it_another_mark(folder: Path, change: str) -> None:
    (folder / "in").mkdir()
    before = of(folder)

    next_tick(folder.parent)
    CHANGES[change](folder / "file")

    assert of(folder).mark != before.mark


def test_what_is_in_a_folder_of_a_folder_counts_there_alone(folder: Path) -> None:
    before = of(folder)

    (folder / "below/new").write_text("")

    assert of(folder).mark == before.mark


def test_of_what_is_left_out_only_the_name_counts_and_whether_it_is_a_folder(folder: Path) -> None:
    before = of(folder, "file", "below")

    (folder / "file").write_text("more text")
    (folder / "below").chmod(0o700)
    after = of(folder, "file", "below")
    (folder / "file").unlink()
    (folder / "file").mkdir()

    assert (after.mark, "file" in after.rows) == (before.mark, False)
    assert of(folder, "file", "below").mark != before.mark
    assert of(folder).mark != before.mark


def test_rows_are_sorted_and_texts_and_attributes_are_beside_them(folder: Path) -> None:
    os.setxattr(folder / "below", "user.a", b"b")

    actual = of(folder)

    assert list(actual.rows) == ["below", "file", "link", "other", "pipe"]
    assert actual.targets == {"link": "file"}
    assert actual.xattrs == {"below": (("user.a", b"b"),)}
