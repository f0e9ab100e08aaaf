"""What is remembered of blobs: when they were used, and that their bytes were right."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from stagemill.digest import Digest
from stagemill.store import boot as boot_module
from stagemill.store.marks import WORTH, Marks, is_settled, settle

NAME = Digest.of(b"a blob")


@pytest.fixture
def marks(tmp_path: Path) -> Marks:
    (tmp_path / "marks").mkdir()
    return Marks(tmp_path / "marks")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(b"x" * WORTH)
    os.utime(path, (1000, 1000))
    return path


def booted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, boot: str | None) -> Marks:
    """The same marks, seen by a process that runs since another boot."""
    name = tmp_path / "boot_id"
    if boot is not None:
        name.write_text(f"{boot}\n")
    monkeypatch.setattr(boot_module, "_NAME", str(name))
    return Marks(tmp_path / "marks")


def test_a_blob_that_nobody_used_has_no_time(marks: Marks) -> None:
    assert marks.used(NAME) is None


def test_a_touched_blob_was_used_now(marks: Marks, tmp_path: Path) -> None:
    marks.touch(NAME)
    os.utime(tmp_path / "marks" / NAME.hex, (1, 1))

    marks.touch(NAME)

    assert time.time() - (marks.used(NAME) or 0) < 60


def test_it_vouches_for_the_file_that_was_checked(marks: Marks, file: Path) -> None:
    before = marks.vouches(NAME, file.stat())

    marks.vouch(NAME, file.stat())

    assert (before, marks.vouches(NAME, file.stat())) == (False, True)
    assert not marks.vouches(Digest.of(b"another"), file.stat())


def test_touching_takes_nothing_back(marks: Marks, file: Path) -> None:
    marks.vouch(NAME, file.stat())

    marks.touch(NAME)

    assert marks.vouches(NAME, file.stat())


@pytest.mark.parametrize("how", ["written", "written and dated back", "replaced", "renamed", "longer"])
def test_it_does_not_vouch_for_a_file_that_was_touched(marks: Marks, file: Path, how: str) -> None:
    marks.vouch(NAME, file.stat())
    time.sleep(0.02)  # what older kernels do at the same moment has the same time
    match how:
        case "written":
            with file.open("r+b") as opened:
                opened.write(b"y")
        case "written and dated back":
            with file.open("r+b") as opened:
                opened.write(b"y")
            os.utime(file, (1000, 1000))
        case "replaced":
            other = file.with_name("other")
            other.write_bytes(file.read_bytes())
            os.utime(other, (1000, 1000))
            other.replace(file)
        case "renamed":
            file.rename(file.with_name("aside"))
            file.with_name("aside").rename(file)
        case _:
            os.truncate(file, WORTH + 1)

    assert not marks.vouches(NAME, file.stat())


def test_after_another_start_of_the_machine_nothing_holds(
    marks: Marks, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks.vouch(NAME, file.stat())

    assert not booted(monkeypatch, tmp_path, "another").vouches(NAME, file.stat())


def test_where_starts_have_no_name_nothing_holds(
    file: Path, marks: Marks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nameless = booted(monkeypatch, tmp_path, None)
    marks.touch(NAME)

    nameless.vouch(NAME, file.stat())

    assert not nameless.vouches(NAME, file.stat())


def test_half_a_line_vouches_for_nothing(marks: Marks, file: Path, tmp_path: Path) -> None:
    marks.vouch(NAME, file.stat())
    mark = tmp_path / "marks" / NAME.hex
    line = mark.read_bytes()

    for torn in (b"", line[:-1], line[: len(line) // 2], line + b"1"):
        mark.write_bytes(torn)
        assert not marks.vouches(NAME, file.stat())


def test_of_a_small_file_nothing_is_written_down(marks: Marks, file: Path, tmp_path: Path) -> None:
    os.truncate(file, WORTH - 1)

    marks.vouch(NAME, file.stat())

    assert not marks.vouches(NAME, file.stat())
    assert marks.names() == []


def test_a_removed_mark_says_nothing_any_more(marks: Marks, file: Path) -> None:
    marks.vouch(NAME, file.stat())

    marks.remove(NAME)
    marks.remove(NAME)

    assert not marks.vouches(NAME, file.stat())
    assert marks.used(NAME) is None


def test_marks_that_cannot_be_written_are_missed_by_nobody(tmp_path: Path, file: Path) -> None:
    nowhere = Marks(tmp_path / "nowhere")

    nowhere.touch(NAME)
    nowhere.vouch(NAME, file.stat())

    assert (nowhere.used(NAME), nowhere.vouches(NAME, file.stat()), nowhere.names()) == (None, False, [])


def test_a_file_that_was_just_written_may_still_change_without_a_new_time(file: Path) -> None:
    soon = time.time_ns() + 10**9  # as if it had been written a moment ago, however slow this test is
    os.utime(file, ns=(soon, soon))

    assert not is_settled(file.stat())


def test_a_file_that_rested_cannot(file: Path) -> None:
    time.sleep(0.15)

    assert is_settled(file.stat())


def test_a_settled_file_has_a_time_that_no_later_writer_leaves(file: Path) -> None:
    descriptor = os.open(file, os.O_RDWR)
    os.pwrite(descriptor, b"y", 0)
    settle(descriptor)
    settled = os.fstat(descriptor).st_mtime_ns

    os.pwrite(descriptor, b"z", 0)

    assert os.fstat(descriptor).st_mtime_ns > settled
    os.close(descriptor)
