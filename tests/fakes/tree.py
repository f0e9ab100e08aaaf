"""`MemoryTree`, a FileView that is written down in the test: `MemoryTree({"a/b.txt": "text", "l": link("a")})`.

Parents that are not named are directories of mode 0755. The bytes are written to a temporary directory where a
test asks for a `real_path`.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from stagemill.digest import Digest
from stagemill.files.view import Entry


@dataclass(frozen=True)
class Node:
    entry: Entry
    data: bytes = b""


def file(data: str | bytes = "", *, mode: int = 0o644, uid: int = 0, gid: int = 0, **facts: object) -> Node:
    raw = data.encode() if isinstance(data, str) else data
    return Node(_with(Entry("file", mode, uid, gid, len(raw), 0), facts), raw)


def directory(*, mode: int = 0o755, uid: int = 0, gid: int = 0, **facts: object) -> Node:
    return Node(_with(Entry("dir", mode, uid, gid, 0, 0), facts))


def link(target: str, *, uid: int = 0, gid: int = 0, **facts: object) -> Node:
    return Node(_with(Entry("symlink", 0o777, uid, gid, 0, 0, target=target), facts))


def _with(entry: Entry, facts: Mapping[str, object]) -> Entry:
    return replace(entry, **facts)  # type: ignore[arg-type]


@dataclass
class MemoryTree:
    """A tree of nodes; plain text is a file of mode 0644, owned by root."""

    given: Mapping[str, Node | str]
    nodes: dict[str, Node] = field(init=False)
    _disk: Path | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.nodes = {"": directory()}
        for path, node in self.given.items():
            for end in (i for i, c in enumerate(path) if c == "/"):
                self.nodes.setdefault(path[:end], directory())
            self.nodes[path] = file(node) if isinstance(node, str) else node

    def lstat(self, path: str) -> Entry | None:
        node = self.nodes.get(path)
        return node.entry if node else None

    def listdir(self, path: str) -> list[str]:
        prefix = f"{path}/" if path else ""
        below = (p[len(prefix) :] for p in self.nodes if p and p.startswith(prefix))
        return sorted(name for name in below if name and "/" not in name)

    def digest(self, path: str) -> Digest:
        node = self.nodes[path]
        assert node.entry.kind == "file", f"{path} is a {node.entry.kind}"
        return Digest.of(node.data)

    def real_path(self, path: str) -> Path:
        if self._disk is None:
            self._disk = Path(tempfile.mkdtemp())
            weakref.finalize(self, shutil.rmtree, self._disk)
        place = self._disk / Digest.of(path.encode("utf-8", "surrogateescape")).hex
        place.write_bytes(self.nodes[path].data)
        return place
