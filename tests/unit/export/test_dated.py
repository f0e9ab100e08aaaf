"""A tree with one time for all."""

from __future__ import annotations

from fakes.tree import MemoryTree
from stagemill.export.dated import Dated


def test_every_time_is_the_same_and_all_else_is_the_view_s() -> None:
    view = MemoryTree({"d/a": "text"})
    dated = Dated(view, 5)

    for path in ("", "d", "d/a"):
        entry = dated.lstat(path)
        assert entry is not None
        assert entry.mtime_ns == 5 * 10**9
    assert dated.lstat("none") is None
    assert (dated.listdir("d"), dated.digest("d/a")) == (["a"], view.digest("d/a"))
