"""`Written`: what is known of the files of a layer while it is written, for its index."""

from __future__ import annotations

import marshal

from stagemill.digest import Digest
from stagemill.files.folded import FoldedPaths
from stagemill.files.view import Entry
from stagemill.layer.index import IndexEntry

_FORM = 2  # of marshal: a later one looks for equal values, which takes longer than to write them


class Written(FoldedPaths[Digest | IndexEntry]):
    """By path all there is to be known of a file, of which no hard link is known; or its digest."""

    def __init__(self) -> None:
        super().__init__(_packed, _unpacked)


def _packed(values: dict[str, Digest | IndexEntry]) -> bytes:
    folder = next((fact.path[: -len(name)] for name, fact in values.items() if isinstance(fact, IndexEntry)), "")
    return marshal.dumps((folder, [(name, *_facts(fact)) for name, fact in values.items()]), _FORM)


def _facts(fact: Digest | IndexEntry) -> tuple[object, ...]:
    if not isinstance(fact, IndexEntry):
        return (bytes.fromhex(fact.hex),)
    entry, digest = fact.entry, fact.digest
    assert digest, "a file in an index has its digest"
    assert entry.kind == "file", "of all else nothing need be known"
    assert entry.node is None, "a file of one name"
    facts = (entry.mode, entry.uid, entry.gid, entry.size, entry.mtime_ns)
    return (bytes.fromhex(digest.hex), *facts, entry.xattrs)


def _unpacked(packed: bytes) -> dict[str, Digest | IndexEntry]:
    folder, rows = marshal.loads(packed)  # noqa: S302  it was packed here
    found: dict[str, Digest | IndexEntry] = {}
    for name, data, *facts in rows:
        digest = Digest.from_bytes(data)
        if facts:
            mode, uid, gid, size, mtime_ns, xattrs = facts
            found[name] = IndexEntry(
                folder + name, Entry("file", mode, uid, gid, size, mtime_ns, xattrs=xattrs), digest
            )
        else:
            found[name] = digest
    return found
