from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest

from stagemill.digest import Digest
from stagemill.errors import StoreError
from stagemill.oci import media_types
from stagemill.oci.descriptor import Descriptor
from stagemill.store import database
from stagemill.store.opening import kept
from stagemill.store.records import Record
from stagemill.store.store import Store

APP = "docker.io/library/app:latest"
IMAGE = Descriptor(media_types.MANIFEST, Digest.of(b"manifest"), 8)
KEY = Digest.of(b"key")


def fill(root: Path) -> None:
    with Store.open(root) as store:
        store.images.set(APP, IMAGE, 1.0)
        store.links.set_origin(IMAGE.digest, APP)
        store.records.put(Record(KEY, KEY, "{}", "{}", "RUN x", 1.0))


def set_version(root: Path, version: int) -> None:
    with closing(sqlite3.connect(root / "state.sqlite")) as connection:
        connection.execute(f"PRAGMA user_version={version}")


def damage_the_records(root: Path) -> None:
    """Overwrites the pages of one table; the head of the file and the other tables stay whole."""
    with closing(sqlite3.connect(root / "state.sqlite")) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'records'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with open(root / "state.sqlite", "r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


@pytest.mark.parametrize("version", [1000, 1001, 1002, 1999])
def test_records_of_another_version_are_dropped_and_names_kept(tmp_path: Path, version: int) -> None:
    fill(tmp_path)
    set_version(tmp_path, version)

    with Store.open(tmp_path) as store:
        assert store.records.get(KEY) is None
        assert store.images.get(APP) == IMAGE
        assert store.links.origin(IMAGE.digest) == APP


def test_records_of_this_version_are_kept(tmp_path: Path) -> None:
    fill(tmp_path)

    with Store.open(tmp_path) as store:
        assert store.records.get(KEY) is not None


def test_names_of_a_newer_version_are_left_alone_with_an_error(tmp_path: Path) -> None:
    fill(tmp_path)
    set_version(tmp_path, 2001)

    with pytest.raises(StoreError) as caught:
        Store.open(tmp_path)

    path = tmp_path / "state.sqlite"
    assert caught.value.message == f"{path} was made by a newer stagemill: its names have version 2, this one reads 1"
    assert caught.value.hint == "update stagemill, or set STAGEMILL_ROOT to another directory"
    set_version(tmp_path, 1001)
    with Store.open(tmp_path) as store:
        assert store.images.get(APP) == IMAGE


def test_nobody_sets_the_file_aside_while_others_open_it(tmp_path: Path) -> None:
    fill(tmp_path)
    (tmp_path / "state.sqlite").write_bytes(b"no database" * 1000)
    with kept(tmp_path):
        maker = Thread(target=lambda: Store.open(tmp_path).close())
        maker.start()
        maker.join(0.3)

        assert (tmp_path / "state.sqlite").read_bytes() == b"no database" * 1000
    maker.join()

    assert (tmp_path / "state.sqlite.damaged").read_bytes() == b"no database" * 1000


def test_nobody_opens_or_closes_the_file_while_it_is_set_aside(tmp_path: Path) -> None:
    fill(tmp_path)
    store = Store.open(tmp_path)
    others = [Thread(target=store.close), Thread(target=lambda: Store.open(tmp_path).close())]
    with kept(tmp_path, fcntl.LOCK_EX):
        for other in others:
            other.start()
        for other in others:
            other.join(0.2)

        assert [other.is_alive() for other in others] == [True, True]
    for other in others:
        other.join()

    with Store.open(tmp_path) as again:
        assert again.images.get(APP) == IMAGE


def test_a_store_that_is_gone_can_still_be_closed(tmp_path: Path) -> None:
    fill(tmp_path / "store")
    store = Store.open(tmp_path / "store")
    shutil.rmtree(tmp_path / "store")

    store.close()

    assert os.listdir(tmp_path) == []


def test_a_file_that_is_no_database_is_set_aside_and_made_anew_and_that_is_said(tmp_path: Path) -> None:
    fill(tmp_path)
    (tmp_path / "state.sqlite").write_bytes(b"not a database at all, but long enough" * 100)
    heard: list[str] = []

    with Store.open(tmp_path, report=heard.append) as store:
        assert store.images.all() == []
        store.images.set(APP, IMAGE, 1.0)

    path = tmp_path / "state.sqlite"
    assert heard == [
        f"the store's {path} was damaged and has been made anew: cache records are lost, 0 image names could be read; the damaged file is kept as {path}.damaged"
    ]
    with Store.open(tmp_path, report=heard.append) as store:
        assert store.images.get(APP) == IMAGE
    assert len(heard) == 1


def test_damage_that_is_met_on_the_way_costs_the_records_and_not_the_names(tmp_path: Path) -> None:
    fill(tmp_path)
    damage_the_records(tmp_path)
    heard: list[str] = []

    with Store.open(tmp_path, report=heard.append) as store:
        assert store.records.get(KEY) is None
        assert store.images.get(APP) == IMAGE
        assert store.links.origin(IMAGE.digest) == APP
        store.records.put(Record(KEY, KEY, "{}", "{}", "RUN x", 1.0))
        assert store.records.get(KEY) is not None

    assert len(heard) == 1
    assert "1 image names could be read" in heard[0]


def test_a_second_store_follows_when_the_first_has_set_the_file_aside(tmp_path: Path) -> None:
    fill(tmp_path)
    damage_the_records(tmp_path)
    heard: list[str] = []

    with Store.open(tmp_path, report=heard.append) as one, Store.open(tmp_path, report=heard.append) as other:
        one.records.put(Record(KEY, KEY, "{}", "{}", "RUN x", 1.0))

        assert other.records.get(KEY) is not None
        other.images.set("new", IMAGE, 1.0)
        assert one.images.get("new") == IMAGE

    assert len(heard) == 1


def test_mending_a_whole_file_changes_nothing(tmp_path: Path) -> None:
    fill(tmp_path)

    with Store.open(tmp_path) as store:
        assert store.database.mend()
        assert store.records.get(KEY) is not None


def test_mending_finds_damage_that_nobody_has_met(tmp_path: Path) -> None:
    fill(tmp_path)
    damage_the_records(tmp_path)

    with Store.open(tmp_path) as store:
        assert not store.database.mend()
        assert store.database.mend()
        assert store.images.get(APP) == IMAGE


def test_a_file_that_somebody_holds_for_too_long_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path)
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    path = tmp_path / "state.sqlite"

    with Store.open(tmp_path) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError) as caught:
            store.images.set(APP, IMAGE, 2.0)

    assert caught.value.message == f"cannot use {path}: database is locked"
    assert caught.value.hint == "another process holds the file; wait for it, or end it"


def test_threads_share_the_connection(store: Store) -> None:
    keys = [Digest.of(b"%d" % number) for number in range(80)]

    def work(part: list[Digest]) -> None:
        for key in part:
            store.records.put(Record(key, key, "{}", "{}", "RUN x", 1.0))
            assert store.records.get(key) is not None

    threads = [Thread(target=work, args=(keys[start::8],)) for start in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(store.records.all()) == len(keys)
