"""What a path of this machine may have been meant to be that is not there."""

from __future__ import annotations

import os
from pathlib import Path

from stagemill.dockerfile.suggest import nearest


def near_path(path: Path, *, directory: bool = False) -> str | None:
    """A hint with the path whose last name is like it, among files, or among directories."""
    try:
        names = [item.name for item in os.scandir(path.parent) if item.is_dir() == directory]
    except OSError:
        return f"there is no directory {path.parent} either" if not path.parent.exists() else None
    near = nearest(path.name, names)
    return f"did you mean {path.with_name(near)}?" if near else None
