from __future__ import annotations

import os
from pathlib import Path

import pytest

from stagemill.store.store import Store
from stagemill.store.usage import size_of, usage


def test_blobs_and_layers_are_counted_apart_and_hard_links_once(store: Store) -> None:
    before = usage(store)
    store.blobs.put(os.urandom(1 << 20))
    with store.layers.workspace() as workspace:
        (workspace.fs / "file").write_bytes(os.urandom(2 << 20))
        layer = workspace.commit(b"one")
    with store.layers.workspace() as workspace:
        os.link(store.layers.directory(layer) / "file", workspace.fs / "file")
        workspace.commit(b"two")

    used = usage(store)

    assert 0 <= used.blobs - before.blobs - (1 << 20) < 1 << 16
    assert 0 <= used.layers - before.layers - (2 << 20) < 1 << 16


class Vanishing:
    """What `os.scandir` gives, of which everything called `gone` is removed before anybody can look at it."""

    def __init__(self, found: list[os.DirEntry[str]]) -> None:
        self.found = found

    def __enter__(self) -> list[os.DirEntry[str]]:
        for entry in self.found:
            if entry.name.startswith("gone"):
                os.unlink(entry.path)
        return self.found

    def __exit__(self, *_exc: object) -> None:
        pass


def test_what_vanishes_meanwhile_counts_for_nothing_and_all_else_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("gone 1", "kept 1", "gone 2", "kept 2"):
        (tmp_path / name).write_bytes(bytes(100_000))
    kept = sum(path.stat().st_blocks * 512 for path in tmp_path.glob("kept *"))
    scan = os.scandir
    monkeypatch.setattr(
        os,
        "scandir",
        lambda path: Vanishing(sorted(scan(path), key=lambda entry: entry.name)),  # the gone ones first
    )

    assert size_of(tmp_path) == kept > 0
