"""Trees on disk, written down as in `fakes.tree`: made with `write`, read back with `shown`."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from fakes.tree import MemoryTree, Node
from stagemill.files.view import Entry
from stagemill.files.walk import walk
from stagemill.layer import attributes
from stagemill.layer.index import build
from stagemill.layer.stack import StackView


def write(root: Path, nodes: Mapping[str, Node | str]) -> Path:
    """Makes a directory with these nodes in it; entries of equal `node` become hard links."""
    tree = MemoryTree(nodes)
    first: dict[object, str] = {}
    found = list(walk(tree))
    root.mkdir(exist_ok=True)
    for path, entry in found:
        place = root / path
        if entry.node is not None and entry.node in first:
            os.link(root / first[entry.node], place, follow_symlinks=False)
            continue
        first[entry.node] = path
        _make(place, entry, tree.nodes[path].data)
    for path, entry in reversed(found):
        attributes.apply(os.fspath(root / path), entry)
    return root


def _make(place: Path, entry: Entry, data: bytes) -> None:
    match entry.kind:
        case "file":
            place.write_bytes(data)
        case "dir":
            place.mkdir(exist_ok=True)
        case "symlink":
            place.symlink_to(entry.target)
        case "fifo":
            os.mkfifo(place)
        case "socket":
            os.mknod(place, stat.S_IFSOCK | 0o600)
        case kind:
            os.mknod(place, (stat.S_IFCHR if kind == "char" else stat.S_IFBLK) | 0o600, os.makedev(*entry.device))


def stacked(*roots: Path) -> StackView:
    """The view of layer directories, bottom first."""
    return StackView([(root, lambda root=root: build(root)) for root in roots])  # type: ignore[misc]


def shown(root: Path) -> dict[str, str]:
    """What is in a directory, a line for each path: `file 0644 0:0 =content`, `dir 0755 0:0`, `symlink 0:0 ->target`."""
    view = stacked(root)
    return {path: _line(entry, view, path) for path, entry in walk(view) if path}


def _line(entry: Entry, view: StackView, path: str) -> str:
    owner = f"{entry.uid}:{entry.gid}"
    match entry.kind:
        case "symlink":
            return f"symlink {owner} ->{entry.target}"
        case "file":
            return f"file {entry.mode:04o} {owner} ={view.real_path(path).read_text(errors='replace')}"
        case kind:
            return f"{kind} {entry.mode:04o} {owner}"
