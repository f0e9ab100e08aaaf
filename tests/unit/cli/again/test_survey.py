from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.clocks import next_tick
from stagemill.cli.again.survey import Survey

SECOND = 10**9


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deep").mkdir()
    for name in ("one", "two", "deep/three", "left.log"):
        (tmp_path / name).write_text(name)
    (tmp_path / "link").symlink_to("one")
    next_tick(tmp_path)
    return tmp_path


def survey(folder: Path, *hidden: str) -> Survey:
    return Survey(str(folder), ["", "deep"], {"left.log", *hidden})


def test_it_is_the_same_as_long_as_nothing_changes(folder: Path) -> None:
    assert survey(folder).digest == survey(folder).digest


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "one").write_text("eno"),
        lambda folder: (folder / "deep/three").chmod(0o600),
        lambda folder: (folder / "deep").chmod(0o700),
        lambda folder: folder.chmod(0o711),
        lambda folder: (folder / "deep/four").touch(),
        lambda folder: (folder / "two").unlink(),
        lambda folder: (folder / "two").rename(folder / "deep/two"),
        lambda folder: (folder / "left.log").unlink(),
        lambda folder: os.setxattr(folder / "deep", "user.colour", b"blue"),
        lambda folder: os.setxattr(folder / "one", "user.colour", b"blue"),
        lambda folder: ((folder / "link").unlink(), (folder / "link").symlink_to("two")),
    ],
)
def test_it_is_another_one_after_a_change(folder: Path, change: Callable[[Path], object]) -> None:
    before = survey(folder).digest
    change(folder)

    assert survey(folder).digest != before


def test_what_is_left_out_counts_by_its_name_alone(folder: Path) -> None:
    before = survey(folder).digest
    (folder / "left.log").write_text("longer than it was")

    assert survey(folder).digest == before


def test_a_name_cannot_pass_for_two(tmp_path: Path) -> None:
    (tmp_path / "a\nb").touch()
    first = Survey(str(tmp_path), [""], {"a\nb"}).digest
    (tmp_path / "a\nb").unlink()
    for name in "ab":
        (tmp_path / name).touch()

    assert Survey(str(tmp_path), [""], {"a", "b"}).digest != first


def test_it_is_settled_where_the_last_change_is_long_enough_ago(folder: Path) -> None:
    found = survey(folder)
    latest = max(path.lstat().st_ctime_ns for path in folder.rglob("*"))

    assert not found.is_settled(latest)
    assert not found.is_settled(latest + SECOND // 100)
    assert found.is_settled(latest + 3 * SECOND)
    assert found.is_settled(time.time_ns() + 3 * SECOND)


def test_a_clock_of_whole_seconds_is_given_more_time(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = survey(folder)
    monkeypatch.setattr(found, "_latest", [5 * SECOND])
    coarse = found.is_settled(6 * SECOND), found.is_settled(8 * SECOND)
    monkeypatch.setattr(found, "_latest", [5 * SECOND + 1234567])
    fine = found.is_settled(5 * SECOND + SECOND // 20), found.is_settled(6 * SECOND)

    assert coarse == (False, True)
    assert fine == (False, True)


def test_a_directory_that_is_gone_is_an_error(folder: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Survey(str(folder), ["nowhere"], ())
