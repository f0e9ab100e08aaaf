"""`differences`: the paths in which two layers differ that one step made of the same, and how; times are never looked at."""

from __future__ import annotations

from stagemill.layer.index import IndexEntry, LayerIndex
from stagemill.values import dataclass

OPAQUE = "what it hides"


@dataclass(frozen=True, slots=True)
class PathDifference:
    """`how` is `content`, `mode 644 → 755`, `owner 0:0 → 1:1`, `only the first time`, `only the second time`, …"""

    path: str
    how: tuple[str, ...]


def differences(first: LayerIndex, second: LayerIndex) -> tuple[PathDifference, ...]:
    """By path. A directory that holds what is only in one of them is not named itself."""
    found = []
    for path in sorted(first.by_path.keys() | second.by_path.keys()):
        before, after = first.by_path.get(path), second.by_path.get(path)
        if before is None:
            found.append(PathDifference(path or ".", ("only the second time",)))
        elif after is None:
            found.append(PathDifference(path or ".", ("only the first time",)))
        elif how := tuple(ways(before, after)):
            found.append(PathDifference(path or ".", how))
    parents = {"/".join(one.path.split("/")[:depth]) for one in found for depth in range(1, one.path.count("/") + 1)}
    return tuple(one for one in found if one.path not in parents or not one.how[0].startswith("only"))


def ways(before: IndexEntry, after: IndexEntry) -> list[str]:
    """How two entries of one path differ; nothing where only their times do."""
    one, other = before.entry, after.entry
    if one.kind != other.kind or before.whiteout != after.whiteout:
        return [f"{_kind(before)} → {_kind(after)}"]
    found = []
    if before.digest != after.digest:
        sizes = f" ({one.size} → {other.size} bytes)" if one.size != other.size else f" ({one.size} bytes)"
        found.append(f"content{sizes}")
    if one.mode != other.mode:
        found.append(f"mode {one.mode:o} → {other.mode:o}")
    if (one.uid, one.gid) != (other.uid, other.gid):
        found.append(f"owner {one.uid}:{one.gid} → {other.uid}:{other.gid}")
    if one.target != other.target:
        found.append(f"target {one.target} → {other.target}")
    if one.device != other.device:
        found.append("device")
    if one.xattrs != other.xattrs:
        found.append("attributes")
    if before.opaque != after.opaque:
        found.append(OPAQUE)
    return found


def _kind(entry: IndexEntry) -> str:
    return "removed" if entry.whiteout else entry.entry.kind
