from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from stagemill.layer.index import build
from stagemill.layer.verify import is_intact

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="whiteouts need root")]


def test_a_layer_that_nobody_touched_is_intact(make: Callable[..., Path]) -> None:
    layer = make("a", {"d/f": "text", "g": "=d/f", "gone": None, "o": False, "l": "->d"})

    assert is_intact(layer, build(layer))


def flip(layer: Path) -> None:
    before = os.stat(layer / "d/f")
    (layer / "d/f").write_text("TEXT")
    os.utime(layer / "d/f", ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(
    "tamper",
    [
        flip,
        lambda layer: (layer / "d/f").unlink(),
        lambda layer: (layer / "d/new").write_text(""),
        lambda layer: (layer / "d/f").chmod(0o777),
        lambda layer: os.chown(layer / "d", 1, 1),
        lambda layer: os.setxattr(layer / "d/f", "user.x", b""),
        lambda layer: os.setxattr(layer / "d", "user.overlay.opaque", b"y"),
        lambda layer: os.rename(layer, layer.parent / "elsewhere"),
    ],
)
def test_any_change_is_seen(make: Callable[..., Path], tamper: Callable[[Path], None]) -> None:
    layer = make("a", {"d/f": "text"})
    index = build(layer)

    tamper(layer)

    assert not is_intact(layer, index)
