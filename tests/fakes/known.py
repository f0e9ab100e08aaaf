"""What a step says that it knows of the files it wrote, compared with what is there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from stagemill.digest import Digest
from stagemill.layer.index import IndexEntry, Known, build


def digests(layer: Path, known: Known) -> Mapping[str, Digest]:
    """Of all files, which were looked at: all that is known is so."""
    found = build(layer)
    assert build(layer, known=known) == found
    told = {path: fact.digest if isinstance(fact, IndexEntry) else fact for path, fact in known.items()}
    real = {entry.path: entry.digest for entry in found.entries if entry.digest}
    assert told == real
    return real
