"""Files that take the place of others when they are whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stagemill.cli.results.exports import replacing, write_atomically
from stagemill.errors import UsageError


class TestReplacing:
    def test_a_file_appears_when_it_is_whole(self, tmp_path: Path) -> None:
        path = tmp_path / "file"
        path.write_text("old")

        with replacing(path) as file:
            file.write(b"new")
            during = path.read_text()

        assert (during, path.read_text(), path.stat().st_mode & 0o777) == ("old", "new", 0o644)

    def test_what_fails_half_way_changes_nothing(self, tmp_path: Path) -> None:
        path = tmp_path / "file"
        path.write_text("old")

        with pytest.raises(RuntimeError), replacing(path) as file:
            file.write(b"half")
            raise RuntimeError

        assert [(found.name, found.read_text()) for found in tmp_path.iterdir()] == [("file", "old")]

    def test_a_device_is_written_to(self) -> None:
        write_atomically(Path(os.devnull), b"gone")

        assert not Path(os.devnull).is_file()

    def test_a_place_that_is_not_there_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError) as caught:
            write_atomically(tmp_path / "none/file", b"")

        assert caught.value.message == f"cannot write {tmp_path}/none/file: there is no directory {tmp_path}/none"
