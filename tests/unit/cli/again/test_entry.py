"""The row of a build that was answered from its receipt."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from stagemill.cli.again import entry
from stagemill.cli.again.forms import Entry
from stagemill.store import builds
from stagemill.store.builds import BuildRow
from stagemill.store.store import Store

ENTRY: Entry = {"place": "/app\udcff\0Dockerfile", "title": "web", "graph": "sha256:1", "steps": 4}


def write(root: Path, given: Entry) -> None:
    with closing(sqlite3.connect(root / "state.sqlite")) as state:
        entry.write(state, given, begun=10.0, seconds=0.5)
        state.commit()


def test_it_is_as_the_store_would_write_it(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        write(tmp_path, ENTRY)
        store.builds.add(BuildRow(10.0, ENTRY["place"], "web", 0.5, "built", 0, 4, "sha256:1"))

        by_store, by_receipt = store.builds.latest(2)

    assert (by_store.number, by_receipt.number) == (2, 1)
    assert by_receipt == BuildRow(10.0, ENTRY["place"], "web", 0.5, "built", 0, 4, "sha256:1", "", 1)


def test_a_build_that_was_never_written_down_has_none(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        write(tmp_path, {**ENTRY, "graph": ""})

        assert store.builds.latest(2) == []


def test_the_oldest_are_forgotten_here_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (entry._KEPT, entry._EVERY) == (builds.KEPT, builds._EVERY)
    monkeypatch.setattr(entry, "_KEPT", 3)
    with Store.open(tmp_path) as store:
        for _ in range(builds._EVERY):
            write(tmp_path, ENTRY)

        assert [row.number for row in store.builds.latest(99)] == [16, 15, 14]
