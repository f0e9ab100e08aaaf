"""What may be done to layers when an image is made of them: times are clamped, a stage's layers become one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from stagemill.execute.commit import commit
from stagemill.execute.forms import Forms
from stagemill.execute.packaging import USUAL, Packaging
from stagemill.execute.tree import Tree, TreeLayer
from stagemill.layer import disk
from stagemill.layer.changes import settle
from stagemill.layer.compression import Compression
from stagemill.layer.index import IndexEntry, LayerIndex
from stagemill.layer.pack import pack_blob
from stagemill.oci.config import History
from stagemill.oci.descriptor import Descriptor
from stagemill.store.links import Packed


def own(tree: Tree) -> int:
    """How many layers at the bottom of a tree are a base's."""
    return max((number for number, layer in enumerate(tree.layers, 1) if layer.form == "chain"), default=0)


def clamped(tree: Tree, epoch: int, *, forms: Forms, packaging: Packaging = USUAL) -> list[Packed]:
    """The blobs of a tree's layers, the lowest first; in those that are not a base's nothing is newer than a time."""
    return [
        packaging.layer(layer, forms)
        if layer.form == "chain"
        else _clamped(layer, epoch, packaging.compression or Compression(), forms=forms)
        for layer in tree.layers
    ]


def _clamped(layer: TreeLayer, epoch: int, compression: Compression, *, forms: Forms) -> Packed:
    """A layer's blob in which nothing is newer than a time. It is kept under no layer's name: that one's blob is another."""
    latest = epoch * 10**9
    (home,) = forms.layers(Tree((layer,)))
    entries = [
        replace(item, entry=replace(item.entry, mtime_ns=min(item.entry.mtime_ns, latest)))
        for item in forms.index(home).entries
    ]
    with forms.store.blobs.writer() as writer:
        directory, blocks = forms.store.layers.directory(home), forms.store.blocks
        facts = pack_blob(directory, LayerIndex(entries), writer, compression=compression, shelf=blocks)
    return Packed(facts.diff_id, Descriptor(compression.media_type, facts.digest, facts.size))


def squashed(tree: Tree, *, forms: Forms) -> Tree:
    """The same files, with the tree's own layers as one."""
    below = own(tree)
    if len(tree.layers) - below < 2:
        return tree
    base = Tree(tree.layers[:below])
    homes = forms.layers(Tree(tree.layers[below:]))
    merged = _merge([(number, forms.index(home)) for number, home in enumerate(homes)])
    roots = [os.fspath(forms.store.layers.directory(home)) for home in homes]
    created = max(layer.created for layer in tree.layers[below:])
    with forms.store.layers.workspace() as workspace:
        _write(merged, roots, workspace.fs)
        settle(workspace.fs, forms.view(base))
        known = {path: item.digest for path, (_, item) in merged.items() if item.digest}
        made = commit(workspace, base, clock=lambda: 0.0, known=known)
    return base.on_top(replace(made.layers[-1], created=created))


_Merged: TypeAlias = dict[str, tuple[int, IndexEntry]]


def _merge(indexes: Sequence[tuple[int, LayerIndex]]) -> _Merged:
    """What the layers say together, by path: the number of the layer that says it, and its entry."""
    found: _Merged = {}
    for number, index in indexes:
        for item in index.entries:
            before = found.get(item.path)
            directory = item.entry.kind == "dir" and not item.whiteout
            hides = before is not None and (before[1].whiteout or before[1].entry.kind != "dir")
            if before and not hides and (item.opaque or not directory):
                for path in [path for path in found if path.startswith(f"{item.path}/")]:
                    del found[path]
            opaque = item.opaque or (directory and before is not None and (hides or before[1].opaque))
            found[item.path] = (number, replace(item, opaque=opaque))
    return found


def _write(merged: _Merged, roots: Sequence[str], into: Path) -> None:
    """Makes the layer's directory; files are links to those of the layers, which never change."""
    links: dict[tuple[int, int], int] = {}
    directories: list[tuple[str, str]] = []
    for path in sorted(merged, key=lambda path: path.split("/")):
        number, item = merged[path]
        source, target = f"{roots[number]}/{path}", f"{into}/{path}"
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if item.whiteout:
            disk.make_whiteout(target)
        elif item.entry.kind == "dir":
            if path:
                os.mkdir(target)
            if item.opaque:
                disk.make_opaque(target)
            directories.append((source, target))
        else:
            status = os.lstat(source)
            # One inode in two layers is two files, since COPY links; within a layer it is one file with two names.
            if links.setdefault((status.st_dev, status.st_ino), number) == number:
                os.link(source, target, follow_symlinks=False)
            else:
                shutil.copyfile(source, target, follow_symlinks=False)
                _dress(source, target)
    for source, target in reversed(directories):
        _dress(source, target)


def _dress(source: str, target: str) -> None:
    status = os.lstat(source)
    os.chown(target, status.st_uid, status.st_gid, follow_symlinks=False)
    if not os.path.islink(target):
        os.chmod(target, status.st_mode & 0o7777)
    for name in os.listxattr(source, follow_symlinks=False):
        if not disk.is_private(name):
            os.setxattr(target, name, os.getxattr(source, name, follow_symlinks=False), follow_symlinks=False)
    os.utime(target, ns=(status.st_mtime_ns, status.st_mtime_ns), follow_symlinks=False)


def squashed_history(history: Sequence[History]) -> tuple[History, ...]:
    """The entries of the layers that became one have none, but for the last of them. A base's have their times already."""
    layered = [number for number, entry in enumerate(history) if not entry.created and not entry.empty_layer]
    return tuple(
        replace(entry, empty_layer=True) if number in layered[:-1] else entry for number, entry in enumerate(history)
    )
