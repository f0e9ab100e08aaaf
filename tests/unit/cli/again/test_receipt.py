from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from stagemill.cli.again import receipt


def some(**more: Any) -> Any:
    return {"version": receipt.VERSION, **more}


def test_one_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = receipt.place(str(tmp_path), "name")
    receipt.write(path, some(output="a\udcff"))

    assert receipt.read(path) == some(output="a\udcff")
    assert Path(path).stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path / receipt.FOLDER) == ["name"]


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b"\xff", json.dumps({"version": 0}).encode()])
def test_what_is_none_is_not_there(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "it"
    path.write_bytes(data)

    assert receipt.read(str(path)) is None
    assert receipt.read(str(tmp_path / "nowhere")) is None


def test_one_that_is_removed_is_gone_and_may_be_again(tmp_path: Path) -> None:
    path = str(tmp_path / "it")
    receipt.write(path, some())
    receipt.remove(path)
    receipt.remove(path)

    assert not os.path.exists(path)


def test_the_oldest_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipt, "_KEPT", 3)
    for number in range(5):
        path = str(tmp_path / f"{number}")
        receipt.write(path, some())
        os.utime(path, ns=(number, number))

    receipt.write(str(tmp_path / "last"), some())

    assert sorted(os.listdir(tmp_path)) == ["3", "4", "last"]


def test_where_it_cannot_be_kept_nothing_happens(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    receipt.write(str(tmp_path / "file" / "it"), some())


def test_a_run_of_the_machine_has_one_name() -> None:
    assert receipt.boot() == receipt.boot()
