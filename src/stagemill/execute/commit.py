"""From a workspace to a layer on top of a tree."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from stagemill.digest import Digest
from stagemill.execute.tree import Tree, TreeLayer, timestamp
from stagemill.files.view import FileView
from stagemill.layer.index import NOTHING, Known, LayerIndex, Watch, build
from stagemill.store.layers import Workspace

_NOBODY = Watch()


def _forget(_layer: Digest, _index: LayerIndex) -> None:
    """Nobody wants it soon."""


def commit(
    workspace: Workspace,
    parent: Tree,
    *,
    clock: Callable[[], float],
    known: Known = NOTHING,
    watch: Watch = _NOBODY,
    keep: Callable[[Digest, LayerIndex], None] = _forget,
) -> Tree:
    """The parent's tree with the workspace on top, which is a layer of the store afterwards.

    `keep` gets the layer's index, for who wants it soon. Raises what `watch` does.
    """
    index = build(workspace.fs, known=known, watch=watch)
    layer = workspace.commit(index.serialize())
    keep(layer, index)
    return parent.on_top(TreeLayer("layer", layer, timestamp(clock())))


def like_root(view: FileView, directory: Path) -> None:
    """Gives an empty layer directory the mode, owner and times of the tree's root, which it will cover."""
    root = view.lstat("")
    if root is None:
        return
    os.chown(directory, root.uid, root.gid)
    os.chmod(directory, root.mode)
    for name, value in root.xattrs:
        os.setxattr(directory, name, value)
    os.utime(directory, ns=(root.mtime_ns, root.mtime_ns))
