from __future__ import annotations

import hashlib
import os
from contextlib import closing
from pathlib import Path

import pytest

from fakes.clocks import next_tick
from stagemill.cli.again.archive import Blobs, ChangedError, facts_of, write

LARGE = os.urandom(300_000)
SMALL = b"small"


def name(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def known(tmp_path: Path) -> dict[str, list[int]]:
    found = {}
    for data in (LARGE, SMALL):
        path = tmp_path / name(data)
        path.write_bytes(data)
        with path.open("rb") as file:
            found[name(data)] = facts_of(file.fileno())
    next_tick(tmp_path)
    return found


def test_an_archive_is_written_of_bytes_and_blobs(tmp_path: Path, known: dict[str, list[int]]) -> None:
    dest = tmp_path / "out.tar"
    dest.write_bytes(b"older")
    parts = [("bytes", "a\xff"), ("blob", name(LARGE)), ("bytes", "b"), ("blob", name(SMALL)), ("blob", name(LARGE))]

    with closing(Blobs(str(tmp_path), known, trusted=True)) as blobs:
        write(str(dest), parts, blobs)

    assert dest.read_bytes() == b"a\xff" + LARGE + b"b" + SMALL + LARGE
    assert dest.stat().st_mode & 0o777 == 0o644
    assert sorted(os.listdir(tmp_path)) == sorted([*known, "out.tar"])


def test_what_is_no_file_is_not_replaced(tmp_path: Path, known: dict[str, list[int]]) -> None:
    dest = tmp_path / "pipe"
    os.mkfifo(dest)

    with closing(Blobs(str(tmp_path), known, trusted=True)) as blobs, pytest.raises(ChangedError):
        write(str(dest), [("bytes", "a")], blobs)

    assert dest.is_fifo()


@pytest.mark.parametrize("trusted", [True, False])
def test_a_blob_that_was_touched_is_read_and_found_wrong(
    tmp_path: Path, known: dict[str, list[int]], trusted: bool
) -> None:
    with (tmp_path / name(LARGE)).open("r+b") as file:
        file.write(b"\0\0\0\0\0\0\0\0")

    with pytest.raises(ChangedError):
        Blobs(str(tmp_path), known, trusted=trusted)


def test_one_that_was_touched_and_is_right_has_new_facts(tmp_path: Path, known: dict[str, list[int]]) -> None:
    os.utime(tmp_path / name(LARGE))

    with closing(Blobs(str(tmp_path), known, trusted=True)) as blobs:
        assert blobs.facts != known
        assert blobs.facts[name(SMALL)] == known[name(SMALL)]


def test_after_a_restart_of_the_machine_all_are_read(tmp_path: Path, known: dict[str, list[int]]) -> None:
    (tmp_path / name(SMALL)).write_bytes(b"llams")
    with (tmp_path / name(SMALL)).open("rb") as file:
        known[name(SMALL)] = facts_of(file.fileno())

    with closing(Blobs(str(tmp_path), known, trusted=True)):
        pass
    with pytest.raises(ChangedError):
        Blobs(str(tmp_path), known, trusted=False)


@pytest.mark.parametrize("change", ["shorter", "gone"])
def test_one_that_is_shorter_or_gone_is_an_error(tmp_path: Path, known: dict[str, list[int]], change: str) -> None:
    path = tmp_path / name(LARGE)
    path.unlink() if change == "gone" else os.truncate(path, 10)

    with pytest.raises((ChangedError, FileNotFoundError)):
        Blobs(str(tmp_path), known, trusted=True)


def test_between_file_systems_blobs_are_copied_too(
    tmp_path: Path, known: dict[str, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> int:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "copy_file_range", refuse)
    with closing(Blobs(str(tmp_path), known, trusted=True)) as blobs:
        write(str(tmp_path / "out"), [("blob", name(LARGE))], blobs)

    assert (tmp_path / "out").read_bytes() == LARGE
