from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from stagemill.store.pouring import pour

DATA = os.urandom(300_000)


@pytest.fixture
def source(tmp_path: Path) -> int:
    (tmp_path / "source").write_bytes(DATA)
    return os.open(tmp_path / "source", os.O_RDONLY)


def opened(path: Path, flags: int = 0) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | flags)


def test_bytes_go_from_where_one_file_stands_to_where_the_other_does(source: int, tmp_path: Path) -> None:
    target = opened(tmp_path / "target")
    os.write(target, b"before")
    os.lseek(source, 10, os.SEEK_SET)

    assert pour(source, target, 200_000) == 200_000
    os.write(target, b"after")

    assert (tmp_path / "target").read_bytes() == b"before" + DATA[10:200_010] + b"after"
    assert os.read(source, 5) == DATA[200_010:200_015]


def test_a_source_that_ends_gives_what_it_has(source: int, tmp_path: Path) -> None:
    assert pour(source, opened(tmp_path / "target"), len(DATA) + 7) == len(DATA)
    assert (tmp_path / "target").read_bytes() == DATA


def test_a_pipe_takes_it_too(source: int) -> None:
    reader, writer = os.pipe()
    found: list[bytes] = []

    def drain() -> None:
        with os.fdopen(reader, "rb") as stream:
            found.append(stream.read())

    thread = threading.Thread(target=drain)
    thread.start()
    poured = pour(source, writer, len(DATA))
    os.close(writer)
    thread.join()

    assert (poured, found) == (len(DATA), [DATA])


def test_what_the_kernel_cannot_do_is_left_to_others(source: int, tmp_path: Path) -> None:
    appending = opened(tmp_path / "target", os.O_APPEND)

    assert pour(source, appending, len(DATA)) == 0
    assert os.read(source, 5) == DATA[:5]


def test_a_full_disk_is_left_to_who_goes_on(source: int) -> None:
    full = os.open("/dev/full", os.O_WRONLY)

    assert pour(source, full, len(DATA)) == 0
