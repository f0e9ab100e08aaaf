#!/usr/bin/env python3
"""`fill`: a store as other builds would have left it: steps with their layers, blobs and records, and every tenth with an image."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from stagemill.digest import Digest
from stagemill.execute.tree import Tree, TreeLayer, timestamp
from stagemill.layer.index import build
from stagemill.layer.restart import look_over
from stagemill.oci.descriptor import Descriptor
from stagemill.store.links import Packed
from stagemill.store.records import Record
from stagemill.store.store import Store

_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_SHIPPED = 10
_WEEK = 7 * 86400.0


def fill(root: Path, count: int) -> None:
    """The store at `root` has so many steps more, a week old and a minute apart from each other."""
    with Store.open(root) as store:
        # Each row is committed on its own, and nobody needs it after a loss of power.
        store.database.change("PRAGMA synchronous=OFF")
        for number in range(count):
            _step(store, number, time.time() - _WEEK - 60 * number)
        look_over(store, print)  # as the first command after a start of the machine does


def _step(store: Store, number: int, used: float) -> None:
    with store.layers.workspace() as space:
        (space.fs / "file").write_text(f"step {number}\n")
        layer = space.commit(build(space.fs).serialize())
    blob = _blob(store, f"blob {number}\n".encode(), _LAYER)
    diff_id = Digest.of(f"tar {number}".encode())
    store.links.set_packed(layer, Packed(diff_id, blob))
    key = Digest.of(f"key {number}".encode())
    result = Tree((TreeLayer("layer", layer, timestamp(used)),)).serialize()
    inputs = json.dumps({"op": {"kind": "run.1", "argv": ["make", str(number)]}, "inputs": []})
    store.records.put(Record(key, key, result, inputs, f"[{number}] RUN make {number}", used, used))
    if number % _SHIPPED == 0:
        config = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [diff_id]}}
        manifest = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": _blob(store, _json(config), _CONFIG).to_json(),
            "layers": [blob.to_json()],
        }
        store.images.set(f"docker.io/library/old:{number}", _blob(store, _json(manifest), _MANIFEST), used)


def _blob(store: Store, data: bytes, kind: str) -> Descriptor:
    return Descriptor(kind, store.blobs.put(data), len(data))


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


if __name__ == "__main__":  # a process of its own, so that what it loads is not in the figures of builds after it
    fill(Path(sys.argv[1]), int(sys.argv[2]))
