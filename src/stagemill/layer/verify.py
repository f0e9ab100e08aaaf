"""Whether a layer directory still holds what its index says."""

from __future__ import annotations

from pathlib import Path

from stagemill.errors import StoreError
from stagemill.layer.index import LayerIndex, build


def is_intact(directory: Path, index: LayerIndex) -> bool:
    """Reads the whole layer: True where every path, its metadata and its bytes are the index's, and there are no others."""
    try:
        return build(directory) == index
    except StoreError:
        return False
