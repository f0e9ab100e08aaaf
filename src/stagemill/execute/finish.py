"""What may be done to layers when an image is made of them: times are clamped, a stage's layers become one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, TypeAlias

from stagemill.digest import Digest
from stagemill.execute.commit import commit
from stagemill.execute.forms import Forms
from stagemill.execute.packaging import USUAL, Packaging
from stagemill.execute.parallel import threads
from stagemill.execute.tree import Tree, TreeLayer
from stagemill.graph.operations import STILL
from stagemill.layer import disk
from stagemill.layer.changes import settle
from stagemill.layer.compression import PORTABLE, Compression
from stagemill.layer.index import IndexEntry, LayerIndex
from stagemill.layer.pack import pack_blob
from stagemill.oci.config import History
from stagemill.oci.descriptor import Descriptor
from stagemill.store.links import Packed
from stagemill.store.locks import never

if TYPE_CHECKING:
    from stagemill.execute.streams import Stopped
    from stagemill.plan.request import Times

_PARALLEL_PACKS = 4


def own(tree: Tree) -> int:
    """How many layers at the bottom of a tree are a base's."""
    return max((number for number, layer in enumerate(tree.layers, 1) if layer.form == "chain"), default=0)


def clamped(
    tree: Tree, epoch: int, *, forms: Forms, times: Times = "clamped", packaging: Packaging = USUAL
) -> list[Packed]:
    """The blobs of a tree's layers, the lowest first; in those that are not a base's nothing is newer than a time.

    With the `times` `exact` all is of that time, with `still` what has the time of still contexts, and what is not to be
    compressed otherwise is so as it is on every machine.
    """
    how = packaging.compression or (PORTABLE if times == "still" else Compression())

    def packed(layer: TreeLayer) -> Packed:
        if layer.form == "chain":
            return packaging.layer(layer, forms, stopped=stopped.is_set)
        return _packed(layer, epoch, times, how, forms=forms, stopped=stopped.is_set)

    stopped = Event()
    with threads(_PARALLEL_PACKS, name="pack", stopped=stopped) as pool:
        return list(pool.map(packed, tree.layers))


def dated_again(layer: Digest, form: str, *, forms: Forms) -> Packed | None:
    """The blob of a layer in a form that `clamped` has remembered; None for another form."""
    match form.split(" "):
        case [how, "clamped" | "exact" | "still" as times, date]:
            compression = Compression.parse(how)
            return _packed(TreeLayer("layer", layer), int(date), times, compression, forms=forms, stopped=never)
        case _:
            return None


def _packed(layer: TreeLayer, epoch: int, times: Times, how: Compression, *, forms: Forms, stopped: Stopped) -> Packed:
    """A layer's blob with other times. It is remembered as another form of the layer, whose usual blob is not this one."""
    form = f"{how} {times} {epoch}"
    (home,) = forms.layers(Tree((layer,)))
    store = forms.store
    with store.lock(f"pack-{home.hex}-{form}", stopped):
        known = store.links.variant(home, form)
        if known and store.blobs.has(known.descriptor):
            return known
        entries = [_dated(item, epoch * 10**9, times) for item in forms.index(home).entries]
        with store.blobs.writer() as writer:
            directory = store.layers.directory(home)
            facts = pack_blob(directory, LayerIndex(entries), writer, compression=how, shelf=store.blocks)
        made = Packed(facts.diff_id, Descriptor(how.media_type, facts.digest, facts.size))
        store.links.set_variant(home, form, made)
        return made


def _dated(item: IndexEntry, latest: int, times: Times) -> IndexEntry:
    own = item.entry.mtime_ns
    whole = times == "exact" or (times == "still" and own == STILL * 10**9)
    return replace(item, entry=replace(item.entry, mtime_ns=latest if whole else min(own, latest)))


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
        for item in index:
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
