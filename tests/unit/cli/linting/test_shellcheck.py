"""The program ShellCheck."""

from __future__ import annotations

from pathlib import Path

import pytest

from stagemill.cli.linting.shellcheck import ShellCheck
from stagemill.dockerfile.source import Span
from stagemill.errors import StagemillError
from stagemill.lint.scripts import Dialect, Script


def script(text: str, dialect: Dialect = "sh") -> Script:
    return Script(dialect, text, Span)


def fake(tmp_path: Path, text: str) -> ShellCheck:
    path = tmp_path / "shellcheck"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    found = ShellCheck.find(str(tmp_path))
    assert found
    return found


def test_remarks_belong_to_their_scripts_whatever_their_dialects() -> None:
    program = ShellCheck.find()
    assert program

    found = program(
        [script("cp $A b"), script("[[ a == $B ]]", "bash"), script("true"), script("x=1\ncp $C b", "dash")]
    )

    assert [(r.script, r.code, r.line, r.column, r.end_column) for r in found if r.code == "SC2086"] == [
        (0, "SC2086", 1, 4, 6),
        (3, "SC2086", 2, 4, 6),
    ]
    assert {r.level for r in found} <= {"error", "warning", "info", "style"}


def test_a_path_is_looked_at_first(tmp_path: Path) -> None:
    assert fake(tmp_path, "exit 0").program == str(tmp_path / "shellcheck")


def test_a_program_that_fails_is_an_error_with_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(StagemillError) as caught:
        fake(tmp_path, "echo broken >&2; exit 4")([script("a")])

    assert caught.value.message.endswith("ended with status 4: broken")
    assert caught.value.hint == "leave it out: --no-shellcheck"


def test_one_that_cannot_be_started_is_an_error(tmp_path: Path) -> None:
    program = fake(tmp_path, "")
    Path(program.program).unlink()

    with pytest.raises(StagemillError, match="does not work"):
        program([script("a")])
