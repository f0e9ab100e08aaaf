from __future__ import annotations

from pathlib import Path

from stagemill.cli.frame.near import near_path


def test_a_name_beside_it_that_is_like_it(tmp_path: Path) -> None:
    (tmp_path / "apps").mkdir()
    (tmp_path / "app.tar").write_bytes(b"")

    assert near_path(tmp_path / "ap.tar") == f"did you mean {tmp_path}/app.tar?"
    assert near_path(tmp_path / "app", directory=True) == f"did you mean {tmp_path}/apps?"
    assert near_path(tmp_path / "zzz") is None


def test_the_directory_may_be_missing_too(tmp_path: Path) -> None:
    assert near_path(tmp_path / "none/app.tar") == f"there is no directory {tmp_path}/none either"
    assert near_path(tmp_path / "none/app", directory=True) == f"there is no directory {tmp_path}/none either"


def test_what_is_no_directory_is_none_that_could_be_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    assert near_path(tmp_path / "file/app.tar") is None
