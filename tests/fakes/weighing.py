"""What Python's tarfile says of the layers in an OCI archive: an independent reading of what `size` tells."""

from __future__ import annotations

import gzip
import io
import tarfile
from dataclasses import dataclass

from fakes import archives


@dataclass(frozen=True)
class Member:
    """A member of a layer: `tar` counts from the end of the one before to the end of its last block, `size` is its content."""

    path: str
    tar: int
    size: int
    folder: bool


@dataclass(frozen=True)
class Layer:
    """`blob` and `tar` are all bytes of both."""

    blob: int
    tar: int
    members: tuple[Member, ...]


def layers(archive: bytes) -> list[Layer]:
    """Those of the one image, the lowest first."""
    files = archives.read_all(archive)
    found = []
    for each in archives.manifest(files)["layers"]:
        blob = files[f"blobs/{each['digest'].replace(':', '/')}"]
        data = gzip.decompress(blob) if blob.startswith(b"\x1f\x8b") else blob
        found.append(Layer(len(blob), len(data), tuple(_members(data))))
    return found


def _members(data: bytes) -> list[Member]:
    found, end = [], 0
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for member in tar:
            size = member.size if member.isreg() else 0
            after = member.offset_data + -(-size // 512) * 512
            found.append(Member(member.name.strip("/").removeprefix("./"), after - end, size, member.isdir()))
            end = after
    return found


def shown(archive: bytes) -> dict[str, tuple[int, int]]:
    """What each path of the image that is no folder takes of its layer's tar and on disk, the layers laid on each other."""
    found: dict[str, Member] = {}
    for layer in layers(archive):
        for member in layer.members:
            folder, _, last = member.path.rpartition("/")
            prefix = f"{folder}/" if folder else ""
            gone = "" if last == ".wh..wh..opq" else last.removeprefix(".wh.")
            if last == ".wh..wh..opq":
                found = {path: each for path, each in found.items() if not path.startswith(prefix)}
            elif last.startswith(".wh."):
                found = {path: each for path, each in found.items() if not f"{path}/".startswith(f"{prefix}{gone}/")}
        for member in layer.members:
            if not member.path.rpartition("/")[2].startswith(".wh."):
                if not member.folder:
                    found = _without_below(found, member.path)
                found[member.path] = member
    return {path: (each.tar, each.size) for path, each in found.items() if not each.folder}


def _without_below(found: dict[str, Member], path: str) -> dict[str, Member]:
    """A file in the place of a folder hides what was in that."""
    if path not in found or not found[path].folder:
        return found
    return {other: each for other, each in found.items() if not other.startswith(f"{path}/")}
