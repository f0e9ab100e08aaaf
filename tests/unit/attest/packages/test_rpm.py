"""Packages of rpm, in a database as rpm writes it; tests/integration/test_attest.py has one that it wrote."""

from __future__ import annotations

import sqlite3
import struct
from pathlib import Path

import pytest

from stagemill.attest.packages.package import Distribution, Package
from stagemill.attest.packages.rpm import packages

FEDORA = Distribution("fedora", "41")
TEXT, INTEGER = 6, 4
BASH: dict[int, str | int] = {
    1000: "bash", 1001: "5.2", 1002: "3.fc41", 1003: 2, 1011: "Fedora Project", 1014: "GPL-3.0-or-later", 1022: "x86_64",
    1044: "bash-5.2-3.fc41.src.rpm", 1004: "The shell",
}  # fmt: skip


def header(tags: dict[int, str | int]) -> bytes:
    entries, data = b"", b""
    for tag, value in tags.items():
        if isinstance(value, int):
            data += b"\0" * (-len(data) % 4)
            entries += struct.pack(">IIII", tag, INTEGER, len(data), 1)
            data += struct.pack(">I", value)
        else:
            entries += struct.pack(">IIII", tag, TEXT, len(data), 1)
            data += value.encode() + b"\0"
    return struct.pack(">II", len(tags), len(data)) + entries + data


def listed(folder: Path, *blobs: bytes | str) -> list[Package]:
    place = folder / "rpmdb.sqlite"
    with sqlite3.connect(place) as database:
        database.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
        database.executemany("INSERT INTO Packages (blob) VALUES (?)", [(blob,) for blob in blobs])
    database.close()
    return list(packages(lambda path: place if path == "var/lib/rpm/rpmdb.sqlite" else None, FEDORA))


def test_each_is_told_by_what_its_header_has(tmp_path: Path) -> None:
    bash, other = listed(tmp_path, header(BASH), header({1000: "other", 1001: "1", 1002: "2"}))

    assert (bash.name, bash.version, bash.license, bash.supplier) == (
        "bash",
        "5.2-3.fc41",
        "GPL-3.0-or-later",
        "Fedora Project",
    )
    assert bash.url == (
        "pkg:rpm/fedora/bash@5.2-3.fc41?arch=x86_64&distro=fedora-41&epoch=2&upstream=bash-5.2-3.fc41.src.rpm"
    )
    assert bash.source == "var/lib/rpm/rpmdb.sqlite"
    assert other.url == "pkg:rpm/fedora/other@1-2?distro=fedora-41"


@pytest.mark.parametrize(
    "blob", [b"", b"\xff" * 40, header({1001: "1"}), header(BASH)[:60], struct.pack(">II", 1 << 20, 0), "text"]
)
def test_what_is_no_header_is_left_out(tmp_path: Path, blob: bytes | str) -> None:
    assert [package.name for package in listed(tmp_path, blob, header(BASH))] == ["bash"]


def test_a_database_that_is_none_has_nothing(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"x" * 5000)

    assert list(packages(lambda _path: tmp_path / "x", FEDORA)) == []
    assert list(packages(lambda _path: None, FEDORA)) == []
    assert list(packages(lambda _path: tmp_path / "lost", FEDORA)) == []


def test_a_table_without_an_end_has_one(tmp_path: Path) -> None:
    place = tmp_path / "x"
    with sqlite3.connect(place) as database:
        endless = (
            "WITH RECURSIVE n(hnum, blob) AS (SELECT 1, x'00' UNION ALL SELECT hnum + 1, blob FROM n) SELECT * FROM n"
        )
        database.execute(f"CREATE VIEW Packages AS {endless}")
    database.close()

    assert list(packages(lambda _path: place, FEDORA)) == []
