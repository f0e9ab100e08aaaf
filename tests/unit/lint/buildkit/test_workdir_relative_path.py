"""`WorkdirRelativePath`: a first WORKDIR that is relative."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found

RULE = "WorkdirRelativePath"


def test_the_first_one_is_found() -> None:
    (found,) = findings(RULE, "FROM x\nWORKDIR app/\nWORKDIR more\n")

    assert found.span.line == 2
    assert found.message == 'Relative workdir "app/" can have unexpected results if the base image changes'
    assert found.hint == "write the whole path, such as WORKDIR /app"


def test_below_an_absolute_one_it_is_fine_also_in_another_stage() -> None:
    assert lines_found(RULE, "FROM x AS a\nWORKDIR /app\nWORKDIR b\nFROM a\nWORKDIR sub\n") == []


def test_a_variable_is_looked_into() -> None:
    assert lines_found(RULE, "FROM x\nENV D=/app\nWORKDIR $D\n") == []
    assert lines_found(RULE, "FROM x\nENV D=app\nWORKDIR $D\n") == [3]


@pytest.mark.parametrize(
    ("head", "path", "lines"),
    [
        ("FROM mcr.microsoft.com/windows/servercore:ltsc2022", "C:\\\\app", []),
        ("FROM golang:1.20-nanoserver", "C:/app", []),
        ("# escape=`\nFROM x", "C:\\app", []),
        ("FROM mcr.microsoft.com/windows/nanoserver:1809", "app", [2]),
        ("FROM debian:12", "C:/app", [2]),
    ],
)
def test_a_drive_begins_an_absolute_path_on_windows(head: str, path: str, lines: list[int]) -> None:
    assert lines_found(RULE, f"{head}\nWORKDIR {path}\n") == lines


def test_one_that_is_not_known_proves_nothing() -> None:
    assert lines_found(RULE, "FROM x\nWORKDIR $HOME\n") == []


def test_a_comment_above_leaves_it_alone() -> None:
    assert lines_found(RULE, "FROM x\n# check=skip=WorkdirRelativePath\nWORKDIR app\n") == []
