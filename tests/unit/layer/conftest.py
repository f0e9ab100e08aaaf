"""Layer directories for tests: they need to be root's, or a user namespace's, since whiteouts are devices."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from stagemill.layer import disk

Make = Callable[..., Path]
TIME = 1_700_000_000_123_456_789


def make_tree(root: Path, spec: dict[str, object]) -> Path:
    """Files from a table: text is a file, `->x` a symlink, `=x` a hard link, None a whiteout, True a directory, False an opaque one."""
    root.mkdir(parents=True, exist_ok=True)
    for path, what in spec.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if what is None:
            disk.make_whiteout(str(place))
        elif isinstance(what, bool):
            place.mkdir(exist_ok=True)
            if not what:
                disk.make_opaque(str(place))
        elif str(what).startswith("->"):
            place.symlink_to(str(what)[2:])
        elif str(what).startswith("="):
            os.link(root / str(what)[1:], place)
        else:
            place.write_text(str(what))
    for place in [root, *root.rglob("*")]:
        os.utime(place, ns=(TIME, TIME), follow_symlinks=False)
    return root


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def made(name: str, spec: dict[str, object]) -> Path:
        return make_tree(tmp_path / name, spec)

    return made
