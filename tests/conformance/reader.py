"""`Result`: what a build wrote, read back: an OCI archive or layout, a tar of files, or a directory.

Layers are applied in memory by the rules of the OCI image spec (layer.md), so the answer depends neither on the host's
file system nor on who asks. Nothing of stagemill is used.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import posixpath
import stat
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zstandard

_XATTR = "SCHILY.xattr."
_KINDS = {
    tarfile.DIRTYPE: "dir",
    tarfile.SYMTYPE: "symlink",
    tarfile.FIFOTYPE: "fifo",
    tarfile.CHRTYPE: "char",
    tarfile.BLKTYPE: "block",
}
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class File:
    """A file of the result. Several names of one file are one `File`."""

    type: str
    mode: int
    owner: str
    mtime: int
    content: bytes = b""
    link: str = ""
    xattrs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """What was written. `document` is the image's config file, `manifest` what names it; only an image has them.

    `index` is the document that has the manifest among others: an image index, or else that of the layout. `attestation` is
    the manifest beside it whose layers are the `statements`.
    """

    files: Mapping[str, File]
    digest: str = ""
    document: Document = field(default_factory=dict)
    names: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    statements: tuple[Document, ...] = ()
    manifest: Document = field(default_factory=dict)
    index: Document = field(default_factory=dict)
    attestation: Document = field(default_factory=dict)

    @property
    def layers(self) -> list[str]:
        """In which form each is, the lowest first: the end of its media type."""
        return [layer["mediaType"].rpartition(".tar")[2].lstrip("+.") or "tar" for layer in self.manifest["layers"]]

    @property
    def config(self) -> Document:
        found: Document = self.document.get("config") or {}
        return found


def read(path: Path, *, image: bool, platform: str = "") -> Result:
    """An image of an archive or layout directory, the one for a platform where there are several; or files."""
    if not image:
        files = dict(_directory(path) if path.is_dir() else _archive(path.read_bytes()))
        return Result(files)
    blobs = {name: data for name, data in _members(path) if not name.endswith("/")}
    return _image(blobs, platform)


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        yield from ((str(file.relative_to(path)), file.read_bytes()) for file in path.rglob("*") if file.is_file())
        return
    with tarfile.open(path) as archive:
        for member in archive:
            stream = archive.extractfile(member)
            yield member.name.removeprefix("./"), stream.read() if stream else b""


def _image(blobs: Mapping[str, bytes], platform: str) -> Result:
    top = json.loads(blobs["index.json"])["manifests"]
    found = [descriptor for entry in top for descriptor in _flat(entry, blobs)]
    images = [one for one in found if "vnd.docker.reference.type" not in one.get("annotations", {})]
    chosen = next(one for one in images if platform in {"", _platform(one, blobs)})
    manifest = _document(chosen, blobs)
    document = _document(manifest["config"], blobs)
    said = next((_document(one, blobs) for one in found if _subject(one) == chosen["digest"]), {})
    files: dict[str, File] = {}
    for descriptor, diff_id in zip(manifest["layers"], document["rootfs"]["diff_ids"] or [], strict=True):
        data = _blob(descriptor, blobs)
        layer = _plain(data)
        assert _digest(layer) == diff_id, f"a layer is {_digest(layer)}, not {diff_id}"
        _apply(files, layer)
    return Result(
        files=files,
        digest=chosen["digest"],
        document=document,
        names=tuple(sorted(filter(None, (entry.get("annotations", {}).get(_NAME) for entry in top)))),
        platforms=tuple(sorted({_platform(one, blobs) for one in images})),
        statements=tuple(_document(layer, blobs) for layer in said.get("layers", ())),
        manifest=manifest,
        index=_index(json.loads(blobs["index.json"]), blobs),
        attestation=said,
    )


def _plain(data: bytes) -> bytes:
    """A layer's tar."""
    if data.startswith(b"\x28\xb5\x2f\xfd"):
        return zstandard.ZstdDecompressor().decompressobj().decompress(data)
    return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data


def _index(layout: Document, blobs: Mapping[str, bytes]) -> Document:
    first = layout["manifests"][0]
    return _document(first, blobs) if _is_index(first) else layout


def _is_index(descriptor: Document) -> bool:
    return "index" in descriptor["mediaType"] or "manifest.list" in descriptor["mediaType"]


_NAME = "io.containerd.image.name"


def _flat(descriptor: Document, blobs: Mapping[str, bytes]) -> Iterator[Document]:
    if _is_index(descriptor):
        for inner in _document(descriptor, blobs)["manifests"]:
            yield from _flat(inner, blobs)
    else:
        yield descriptor


def _platform(descriptor: Document, blobs: Mapping[str, bytes]) -> str:
    config = _document(_document(descriptor, blobs)["config"], blobs)
    return "/".join(filter(None, (config["os"], config["architecture"], config.get("variant"))))


def _subject(descriptor: Document) -> str:
    """The digest of the image that a manifest has statements about; empty for an image."""
    found: str = descriptor.get("annotations", {}).get("vnd.docker.reference.digest", "")
    return found


def _document(descriptor: Document, blobs: Mapping[str, bytes]) -> Document:
    found: Document = json.loads(_blob(descriptor, blobs))
    return found


def _blob(descriptor: Document, blobs: Mapping[str, bytes]) -> bytes:
    data = blobs[f"blobs/{descriptor['digest'].replace(':', '/')}"]
    assert (_digest(data), len(data)) == (descriptor["digest"], descriptor["size"]), "a blob is not what its name says"
    return data


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _apply(files: dict[str, File], layer: bytes) -> None:
    """Puts a layer on top of the files below it."""
    with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
        members = [(_path(member.name), member) for member in archive]
        for path, _ in members:
            folder, name = posixpath.split(path)
            if name == ".wh..wh..opq":
                _remove_below(files, folder)
            elif name.startswith(".wh."):
                hidden = posixpath.join(folder, name[4:])
                _remove_below(files, hidden)
                files.pop(hidden, None)
        for path, member in members:
            if not posixpath.basename(path).startswith(".wh."):
                _put(files, path, member, archive)


def _put(files: dict[str, File], path: str, member: tarfile.TarInfo, archive: tarfile.TarFile) -> None:
    above = files.get(posixpath.dirname(path))
    assert above is None or above.type == "dir", f"{path} lies below what is no directory"
    if not member.isdir():
        _remove_below(files, path)
    files[path] = files[_path(member.linkname)] if member.islnk() else _file(member, archive)


def _remove_below(files: dict[str, File], folder: str) -> None:
    for path in [path for path in files if path.startswith(folder.rstrip("/") + "/") and path != "/"]:
        del files[path]


def _path(name: str) -> str:
    return posixpath.normpath("/" + name.lstrip("/"))


def _file(member: tarfile.TarInfo, archive: tarfile.TarFile) -> File:
    stream = archive.extractfile(member) if member.isfile() else None
    headers = member.pax_headers.items()
    return File(
        type=_KINDS.get(member.type, "file"),
        mode=member.mode & 0o7777,
        owner=f"{member.uid}:{member.gid}",
        mtime=int(member.mtime),
        content=stream.read() if stream else b"",
        link=member.linkname if member.issym() else "",
        xattrs={key.removeprefix(_XATTR): value for key, value in headers if key.startswith(_XATTR)},
    )


def _archive(data: bytes) -> Iterator[tuple[str, File]]:
    files: dict[str, File] = {}
    _apply(files, data)
    yield from files.items()


def _directory(root: Path) -> Iterator[tuple[str, File]]:
    for path in root.rglob("*"):
        status = path.lstat()
        kind = {stat.S_IFDIR: "dir", stat.S_IFLNK: "symlink", stat.S_IFREG: "file"}.get(stat.S_IFMT(status.st_mode), "")
        yield (
            f"/{path.relative_to(root)}",
            File(
                type=kind,
                mode=stat.S_IMODE(status.st_mode),
                owner=f"{status.st_uid}:{status.st_gid}",
                mtime=int(status.st_mtime),
                content=path.read_bytes() if kind == "file" else b"",
                link=os.readlink(path) if kind == "symlink" else "",
            ),
        )
