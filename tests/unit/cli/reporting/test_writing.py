"""Where a page goes: a file, all of it or nothing, or a pipe."""

from __future__ import annotations

from pathlib import Path

import pytest

from stagemill.cli.reporting import writing
from stagemill.errors import UsageError


def test_a_file_is_put_in_the_place_of_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text("old")
    (tmp_path / "link").symlink_to("a.html")

    writing.written(b"new", str(tmp_path / "link"))

    assert path.read_bytes() == b"new"
    assert (tmp_path / "link").is_symlink()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.html", "link"]


def test_a_device_stays_what_it_is(tmp_path: Path) -> None:
    writing.written(b"new", "/dev/null")

    assert Path("/dev/null").is_char_device()


def test_a_minus_is_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    writing.written(b"\xffpage", "-")

    assert capfdbinary.readouterr().out == b"\xffpage"


@pytest.mark.parametrize(("name", "why"), [("", "it is a directory"), ("no/a", "there is no directory {}/no")])
def test_where_there_can_be_no_file_it_is_said_before(tmp_path: Path, name: str, why: str) -> None:
    path = str(tmp_path / name)

    with pytest.raises(UsageError) as raised:
        writing.check(path, "--report")

    assert raised.value.message == f"cannot write --report {path}: {why.format(tmp_path)}"
    assert raised.value.hint == "name a file in a directory that is there"
