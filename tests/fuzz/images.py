"""Archives of images, as `docker save` and other builders write them, whose documents say what they should not."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from random import Random
from typing import TypeAlias

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

_ODD: tuple[Json, ...] = (
    None, True, 0, -1, 1 << 70, 1.5, "", "x", "a b\n\x1b[1m", "\ud800", "sha256:0", "sha256:" + "0" * 64, [], {}, [None], [[]], {"a": {}}, ["x", 1],
    "linux", "../../outside/secret", "application/vnd.oci.image.index.v1+json", "a/b:c", "UPPER", "2020-01-01T00:00:00Z", "9" * 40,
)  # fmt: skip
_MEDIA = "application/vnd.oci.image"


def archive(rng: Random) -> bytes:
    """An image of one layer, in an OCI layout or docker's form or both."""
    layer = _tar({"etc/os": b"x"})
    packed = gzip.compress(layer, mtime=0) if rng.random() < 0.5 else layer
    config = _changed(_config(layer), rng)
    manifest: Json = {
        "schemaVersion": 2,
        "mediaType": f"{_MEDIA}.manifest.v1+json",
        "config": _described(config, f"{_MEDIA}.config.v1+json"),
        "layers": [_described(packed, f"{_MEDIA}.layer.v1.tar{'+gzip' if packed != layer else ''}")],
        "annotations": {"a": "b"},
    }
    written = _changed(manifest, rng)
    top: Json = {
        **_described(written, f"{_MEDIA}.manifest.v1+json"),
        "annotations": {"org.opencontainers.image.ref.name": "v1", "io.containerd.image.name": "a/b:v1"},
        "platform": {"os": "linux", "architecture": "amd64"},
    }
    index: Json = {"schemaVersion": 2, "manifests": [top, top]}
    saved: Json = [{"Config": f"{_hex(config)}.json", "RepoTags": ["a/b:v1"], "Layers": ["l/layer.tar"]}]
    files: dict[str, bytes] = {}
    if rng.random() < 0.7:
        files |= {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}', "index.json": _changed(index, rng)}
        files |= {f"blobs/sha256/{_hex(blob)}": blob for blob in (config, written, packed)}
    if rng.random() < 0.5 or not files:
        files |= {"manifest.json": _changed(saved, rng), f"{_hex(config)}.json": config, "l/layer.tar": layer}
    if rng.random() < 0.1:
        files.pop(rng.choice(sorted(files)))
    return _tar(files)


def _config(layer: bytes) -> Json:
    return {
        "created": "2020-01-01T00:00:00Z",
        "architecture": "amd64",
        "os": "linux",
        "config": {
            "Env": ["A=b"], "Cmd": ["x"], "Labels": {"l": "1"}, "ExposedPorts": {"80/tcp": {}}, "Volumes": {"/v": {}}, "OnBuild": ["RUN x"],
            "Healthcheck": {"Test": ["CMD", "x"], "Interval": 5, "Retries": 1}, "User": "a", "WorkingDir": "/", "StopSignal": "TERM",
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{_hex(layer)}"]},
        "history": [{"created_by": "x", "empty_layer": False, "created": "2020-01-01T00:00:00Z"}],
    }  # fmt: skip


def _changed(document: Json, rng: Random) -> bytes:
    """The text of a document of which, at times, a few values are others, or are gone, or which is torn."""
    if rng.random() < 0.3:
        for _ in range(rng.randrange(1, 4)):
            document = _with_odd(document, rng)
    data = json.dumps(document).encode()
    return data[: rng.randrange(len(data))] if rng.random() < 0.02 else data


def _with_odd(value: Json, rng: Random) -> Json:
    if isinstance(value, dict) and value and rng.random() < 0.97:
        key = rng.choice(sorted(value))
        changed = {**value, key: _with_odd(value[key], rng)}
        if rng.random() < 0.05:
            del changed[key]
        return changed
    if isinstance(value, list) and value and rng.random() < 0.97:
        at = rng.randrange(len(value))
        return [*value[:at], _with_odd(value[at], rng), *value[at + 1 :]] * rng.choice((1, 1, 1, 2))
    return rng.choice(_ODD)


def _described(data: bytes, media_type: str) -> dict[str, Json]:
    return {"mediaType": media_type, "digest": f"sha256:{_hex(data)}", "size": len(data)}


def _hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _tar(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive_:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive_.addfile(member, io.BytesIO(data))
    return out.getvalue()
