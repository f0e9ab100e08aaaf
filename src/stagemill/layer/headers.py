"""The headers of an entry in the tar of a layer. Deletions are `.wh.` files, and owners have no names.

Source: OCI image-spec layer.md, section "Representing Changes".
"""

from __future__ import annotations

from stagemill.errors import ArchiveError
from stagemill.files.view import Entry, Kind
from stagemill.layer import header as tar
from stagemill.layer.index import IndexEntry

WHITEOUT_PREFIX = b".wh."
OPAQUE_NAME = b".wh..wh..opq"

_TYPES: dict[Kind, bytes] = {
    "file": tar.FILE,
    "dir": tar.DIRECTORY,
    "symlink": tar.SYMLINK,
    "fifo": tar.FIFO,
    "char": tar.CHAR,
    "block": tar.BLOCK_DEVICE,
}


def has_any(item: IndexEntry) -> bool:
    """Whether an entry is in the tar: not a socket, nor the root directory unless it says more than 0755 root."""
    if item.path or item.whiteout:
        return item.entry.kind != "socket"
    return item.opaque or not _is_plain(item.entry)


def headers(item: IndexEntry) -> list[bytes]:
    """What is before the bytes of a file, and all there is of anything else. Raises ArchiveError for a name that would mean
    a deletion.
    """
    name = item.path.encode("utf-8", "surrogateescape")
    parent, slash, last = name.rpartition(b"/")
    if item.whiteout:
        return [tar.header(parent + slash + WHITEOUT_PREFIX + last, tar.FILE, mode=0)]
    if last.startswith(WHITEOUT_PREFIX):
        raise ArchiveError(
            f"an image cannot carry the file {item.path!r}: names that begin with '.wh.' mean a deletion in its layers",
            hint="remove or rename it in the step that makes it",
        )
    if item.entry.kind == "dir":
        return _directory(name, item)
    return [_header(name, item)]


def _directory(name: bytes, item: IndexEntry) -> list[bytes]:
    found = [_header(name + b"/" if name else b"./", item)] if name or not _is_plain(item.entry) else []
    if item.opaque:
        found.append(tar.header((name + b"/" if name else b"") + OPAQUE_NAME, tar.FILE, mode=0))
    return found


def _is_plain(root: Entry) -> bool:
    return (root.mode, root.uid, root.gid, root.xattrs) == (0o755, 0, 0, ())


def _header(name: bytes, item: IndexEntry) -> bytes:
    entry = item.entry
    link = entry.target if item.link is None else item.link
    return tar.header(
        name,
        _TYPES[entry.kind] if item.link is None else tar.LINK,
        mode=entry.mode,
        uid=entry.uid,
        gid=entry.gid,
        size=entry.size if item.link is None else 0,
        mtime_ns=entry.mtime_ns,
        link=link.encode("utf-8", "surrogateescape"),
        device=entry.device,
        xattrs=entry.xattrs,
    )
