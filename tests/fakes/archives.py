"""What is in the archives that builds write, told without times."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from typing import Any


def entries(tar: bytes, *, times: bool = False) -> dict[str, str]:
    """A line for each path: type, mode, owner, attributes, and the digest of the bytes or what a link or device names."""
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        return {member.name.rstrip("/"): _line(archive, member, times=times) for member in archive}


def _line(archive: tarfile.TarFile, member: tarfile.TarInfo, *, times: bool) -> str:
    facts = [member.type.decode(), f"{member.mode:04o}", f"{member.uid}:{member.gid}"]
    facts += [f"{key}={value}" for key, value in sorted(member.pax_headers.items()) if "xattr" in key]
    if member.isfile():
        file = archive.extractfile(member)
        assert file is not None
        facts.append(hashlib.sha256(file.read()).hexdigest())
    elif member.issym() or member.islnk():
        facts.append(f"->{member.linkname}")
    elif member.isdev():
        facts.append(f"{member.devmajor}:{member.devminor}")
    return " ".join([*facts, *([str(member.mtime)] if times else [])])


def read_all(tar: bytes) -> dict[str, bytes]:
    """The bytes of every regular file."""
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        found = {member.name: archive.extractfile(member) for member in archive if member.isfile()}
        return {name.removeprefix("./"): file.read() for name, file in found.items() if file is not None}


def layers(tar: bytes) -> list[dict[str, str]]:
    """The entries of each layer of the one image in an OCI archive."""
    files = read_all(tar)
    return [entries(_blob(files, layer["digest"])) for layer in manifest(files)["layers"]]


def manifest(files: dict[str, bytes]) -> dict[str, Any]:
    """The manifest of the one image in an OCI layout."""
    (descriptor,) = json.loads(files["index.json"])["manifests"]
    found: dict[str, Any] = json.loads(_blob(files, descriptor["digest"]))
    return found


def config(files: dict[str, bytes]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_blob(files, manifest(files)["config"]["digest"]))
    return found


def _blob(files: dict[str, bytes], digest: str) -> bytes:
    data = files[f"blobs/{digest.replace(':', '/')}"]
    assert f"sha256:{hashlib.sha256(data).hexdigest()}" == digest
    return data
