"""The row of a build that was answered from its receipt."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stagemill.cli.again import entry
from stagemill.cli.again.forms import Entry
from stagemill.store import builds
from stagemill.store.builds import BuildRow
from stagemill.store.store import Store

ENTRY: Entry = {"place": "/app\udcff\0Dockerfile", "title": "web", "graph": "sha256:1", "steps": 4}


def write(root: Path, given: Entry) -> None:
    entry.write(str(root), given, begun=10.0, seconds=0.5)


def test_it_is_taken_in_as_the_store_would_write_it(tmp_path: Path) -> None:
    assert (entry.PENDING, entry._KEPT) == (builds.PENDING, builds.KEPT)
    with Store.open(tmp_path) as store:
        write(tmp_path, ENTRY)
        store.builds.add(BuildRow(10.0, ENTRY["place"], "web", 0.5, "built", 0, 4, "sha256:1"))

        by_store, by_receipt = store.builds.latest(2)

        assert (by_store.number, by_receipt.number) == (2, 1)
        assert by_receipt == BuildRow(10.0, ENTRY["place"], "web", 0.5, "built", 0, 4, "sha256:1", "", 1)
        write(tmp_path, ENTRY)
        found = store.builds.get(3)
        assert found
        assert found.cached == 4
    assert not (tmp_path / entry.PENDING).exists()


def test_it_is_there_for_whoever_asks_for_the_builds_of_a_place(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        write(tmp_path, ENTRY)

        assert [row.number for row in store.builds.of_place(ENTRY["place"], 9)] == [1]


def test_a_build_that_was_never_written_down_has_none(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        write(tmp_path, {**ENTRY, "graph": ""})

        assert store.builds.latest(2) == []


def test_lines_that_are_torn_are_left_out(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        write(tmp_path, ENTRY)
        with (tmp_path / entry.PENDING).open("ab") as file:
            file.write(b"[1.0,2.0\n[1]\n")
        write(tmp_path, ENTRY)

        assert [row.number for row in store.builds.latest(9)] == [2, 1]


WRITER = """
import sys
from stagemill.cli.again import entry

for number in range(60):
    entry.write(sys.argv[1], {"place": "/app", "title": "web", "graph": "sha256:1", "steps": 4}, begun=10.0, seconds=0.5)
"""


def test_none_is_lost_while_they_are_taken_in(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)]) for _ in range(3)]
        while any(writer.poll() is None for writer in writers):
            store.builds.get(1)

        assert [writer.returncode for writer in writers] == [0, 0, 0]
        assert store.builds.latest(1)[0].number == 180


def test_the_oldest_are_forgotten_here_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry, "_LARGE", 1000)
    monkeypatch.setattr(entry, "_KEPT", 3)
    with Store.open(tmp_path) as store:
        for _ in range(50):
            write(tmp_path, ENTRY)

        assert (tmp_path / entry.PENDING).stat().st_size < 1200
        assert len(store.builds.latest(99)) < 20
