"""Archives of images that no Dockerfile makes: without a layer, for another system, with a config that is not ours."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from typing import Any

from conformance.folder import data

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"


def archive(table: Mapping[str, Any]) -> bytes:
    """An OCI archive of the image that a row describes: `name`, `document` with what its config file has, `layers`."""
    blobs: dict[str, bytes] = {}
    layers = [_add(blobs, data(layer), layer.get("media_type", _LAYER)) for layer in table.get("layers", ())]
    document = {
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        **table.get("document", {}),
        "rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in layers]},
    }
    config = _add(blobs, json.dumps(document).encode(), _CONFIG)
    manifest = {"schemaVersion": 2, "mediaType": _MANIFEST, "config": config, "layers": layers}
    described = _add(blobs, json.dumps(manifest).encode(), _MANIFEST)
    described["annotations"] = {
        "io.containerd.image.name": table["name"],
        "org.opencontainers.image.ref.name": "latest",
    }
    files = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}
    files["index.json"] = json.dumps({"schemaVersion": 2, "manifests": [described]}).encode()
    return _tar({**files, **blobs})


def _add(blobs: dict[str, bytes], content: bytes, media_type: str) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    blobs[f"blobs/sha256/{digest}"] = content
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}


def _tar(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()
