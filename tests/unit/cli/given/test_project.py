"""`stagemill.toml`: where it is read, and what is no such file."""

from __future__ import annotations

from pathlib import Path

import pytest

from stagemill.cli.given.project import Project
from stagemill.errors import UsageError


@pytest.mark.parametrize("context", ["-", "https://example.org/a.git", "/not/there"])
def test_a_context_that_is_no_directory_has_none(context: str) -> None:
    assert Project.of(context) == Project("", {})


def test_tables_are_there_or_empty(tmp_path: Path) -> None:
    (tmp_path / "stagemill.toml").write_text("[a.b]\nc = 1\n")

    found = Project.of(str(tmp_path))

    assert found.table("a", "b") == {"c": 1}
    assert found.table("x", "y") == {}


@pytest.mark.parametrize("data", [b"[", b"\xff", b"a = 1\na = 2"])
def test_what_is_no_toml_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "stagemill.toml").write_bytes(data)

    with pytest.raises(UsageError, match="cannot be read"):
        Project.of(str(tmp_path))
