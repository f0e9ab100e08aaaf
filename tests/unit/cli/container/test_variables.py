"""Variables of a container, from files and from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from stagemill.cli.container.variables import lines, variables
from stagemill.errors import UsageError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "env"
    path.write_bytes(
        b"\xef\xbb\xbfA=1\n# a comment\n\n  B = kept as it is \n".replace(b"B = ", b"B= ")
        + b'C="quoted"\r\nD\nE=x=y\nF=\n'
    )
    return path


def test_a_line_is_a_variable(file: Path) -> None:
    assert list(lines(str(file))) == ["A=1", "B= kept as it is ", 'C="quoted"', "D", "E=x=y", "F="]


def test_a_name_alone_takes_the_value_from_outside_if_there_is_one(file: Path) -> None:
    assert dict(variables([str(file)], [], {"D": "4"}))["D"] == "4"
    assert "D" not in dict(variables([str(file)], [], {}))


def test_the_command_line_wins_over_files_and_a_later_file_over_an_earlier(file: Path, tmp_path: Path) -> None:
    (tmp_path / "more").write_text("A=2\nE=2\n")

    found = dict(variables([str(file), str(tmp_path / "more")], ["A=3"], {}))

    assert (found["A"], found["E"], found["F"]) == ("3", "2", "")


@pytest.mark.parametrize(
    ("line", "shown"), [("A B=1", "'A B=1'"), ("A =1", "'A =1'"), ("=1", "'=1'"), ("two words", "'two words'")]
)
def test_what_is_no_variable_is_told_with_its_line(tmp_path: Path, line: str, shown: str) -> None:
    path = tmp_path / "env"
    path.write_text(f"OK=1\n{line}\n")

    with pytest.raises(UsageError) as caught:
        list(lines(str(path)))

    assert caught.value.message == f"{path}:2: {shown} is no variable"
    assert caught.value.hint == "write NAME=VALUE, without blanks in NAME"


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")

    for path, why in ((tmp_path / "none", "no such file or directory"), (tmp_path / "binary", "it is no UTF-8")):
        with pytest.raises(UsageError) as caught:
            list(lines(str(path)))
        assert caught.value.message == f"cannot read --env-file {path}: {why}"
