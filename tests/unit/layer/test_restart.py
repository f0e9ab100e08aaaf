"""What was made last before the machine went down is looked at before it is used."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stagemill.digest import Digest
from stagemill.layer.index import build
from stagemill.layer.restart import look_over
from stagemill.store import boot
from stagemill.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store") as opened:
        yield opened


def layer(store: Store, text: str, *, age: float = 0.0) -> Digest:
    with store.layers.workspace() as workspace:
        (workspace.fs / "file").write_text(text)
        made = workspace.commit(build(workspace.fs).serialize())
    then = time.time() - age
    for path in store.layers.directory(made).parent, store.layers.directory(made).parent / "index":
        os.utime(path, (then, then))
    return made


def start_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    (tmp_path / "boot_id").write_text(f"{name}\n")
    monkeypatch.setattr(boot, "_NAME", str(tmp_path / "boot_id"))


def tear(store: Store, made: Digest) -> None:
    """As a file is whose bytes never came to the disk."""
    os.truncate(store.layers.directory(made) / "file", 0)


def look(store: Store) -> list[str]:
    told: list[str] = []
    look_over(store, told.append)
    return told


def test_a_torn_layer_is_dropped_after_a_start_and_said(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, torn = layer(store, "whole"), layer(store, "torn")
    look(store)
    tear(store, torn)
    start_again(monkeypatch, tmp_path, "second")

    told = look(store)

    assert told == [f"layer {torn.short} was torn when the machine went down; it is made again when it is needed"]
    assert (store.layers.has(whole), store.layers.has(torn)) == (True, False)


def test_layers_are_read_once_after_a_start(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torn = layer(store, "torn")
    start_again(monkeypatch, tmp_path, "second")
    look(store)

    tear(store, torn)

    assert look(store) == []
    assert store.layers.has(torn)


def test_what_had_minutes_to_come_to_the_disk_is_not_read(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, young = layer(store, "old", age=2000), layer(store, "young", age=1000)
    for each in old, young:
        tear(store, each)
    start_again(monkeypatch, tmp_path, "second")

    look(store)

    assert (store.layers.has(old), store.layers.has(young)) == (True, False)


def test_use_says_that_the_machine_was_still_up(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = layer(store, "a", age=1000)
    store.layers.touch(made)
    tear(store, made)
    start_again(monkeypatch, tmp_path, "second")

    assert look(store) == []


def test_where_starts_have_no_name_layers_are_read_each_time(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boot, "_NAME", str(tmp_path / "nothing"))
    made = layer(store, "a")

    before = look(store)
    tear(store, made)

    assert (before, len(look(store))) == ([], 1)
