"""Where a split file goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from stagemill.cli.splitting.keeping import write_new
from stagemill.errors import StagemillError


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    write_new(tmp_path / "a", "one\n")

    with pytest.raises(StagemillError, match="a is there already"):
        write_new(tmp_path / "a", "two\n")

    assert (tmp_path / "a").read_text() == "one\n"


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(StagemillError, match=r"cannot write .*No such file") as caught:
        write_new(tmp_path / "none" / "a", "x")

    assert caught.value.hint == "name a file that can be written"
