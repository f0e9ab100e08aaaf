"""Writes a file tree as one tar archive: what a container of the image would see, with owners and attributes."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import BinaryIO

from stagemill.export.archive import ArchiveWriter
from stagemill.export.content import content
from stagemill.files.view import Entry, FileView, Kind
from stagemill.files.walk import walk
from stagemill.layer import header as tar

_TYPES: dict[Kind, bytes] = {
    "file": tar.FILE,
    "dir": tar.DIRECTORY,
    "symlink": tar.SYMLINK,
    "fifo": tar.FIFO,
    "char": tar.CHAR,
    "block": tar.BLOCK_DEVICE,
}


def quiet(_text: str) -> None:
    """The notice of somebody who does not want to know."""


def filesystem_tar(view: FileView, out: BinaryIO, *, notice: Callable[[str], None] = quiet) -> None:
    """Writes the tree, parents first, names sorted; equal trees make equal bytes. Sockets are left out, with a notice.

    Times keep their nanoseconds. Raises StagemillError where it cannot be written, CorruptError and StoreError where
    the tree cannot be read.
    """
    writer = ArchiveWriter(out)
    first: dict[Hashable, str] = {}
    for path, entry in walk(view):
        if entry.kind == "socket":
            notice(f"left out {path}: a tar archive cannot carry sockets")
        elif not path:
            _root(writer, entry)
        elif entry.kind == "file" and entry.node is not None and entry.node in first:
            _write(writer, path, entry, link=first[entry.node])
        else:
            if entry.node is not None:
                first[entry.node] = path
            _write(writer, path, entry)
            if entry.kind == "file":
                for data in content(view, path, entry):
                    writer.raw(data)
                writer.raw(tar.padding(entry.size))
    writer.close()


def _root(writer: ArchiveWriter, entry: Entry) -> None:
    """Unpacking should not touch the directory it is unpacked in, unless the image says something about it."""
    if (entry.mode, entry.uid, entry.gid, entry.xattrs) != (0o755, 0, 0, ()):
        _write(writer, ".", entry)


def _write(writer: ArchiveWriter, path: str, entry: Entry, *, link: str | None = None) -> None:
    name = f"{path}/" if entry.kind == "dir" else path
    writer.raw(
        tar.header(
            _raw(name),
            _TYPES[entry.kind] if link is None else tar.LINK,
            mode=entry.mode,
            uid=entry.uid,
            gid=entry.gid,
            size=entry.size if link is None else 0,
            mtime_ns=entry.mtime_ns,
            link=_raw(entry.target if link is None else link),
            device=entry.device,
            xattrs=entry.xattrs,
        )
    )


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
