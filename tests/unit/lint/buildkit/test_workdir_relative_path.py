"""`WorkdirRelativePath`: a first WORKDIR that is relative."""

from __future__ import annotations

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


def test_one_that_is_not_known_proves_nothing() -> None:
    assert lines_found(RULE, "FROM x\nWORKDIR $HOME\n") == []


def test_a_comment_above_leaves_it_alone() -> None:
    assert lines_found(RULE, "FROM x\n# check=skip=WorkdirRelativePath\nWORKDIR app\n") == []
