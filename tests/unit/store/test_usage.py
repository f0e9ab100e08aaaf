from __future__ import annotations

import os

from stagemill.store.store import Store
from stagemill.store.usage import usage


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
