"""What Python's tarfile says of the layers in an OCI archive: an independent reading of what `size` tells."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from fakes import archives

DELETED, OVERWRITTEN, TOUCHED = "deleted later", "overwritten later", "overwritten by itself"


@dataclass(frozen=True)
class Member:
    """A member of a layer: `tar` counts from the end of the one before to the end of its last block, `size` is its content.

    `kind` is tarfile's type, `digest` that of a file's bytes, `link` the path that a hard link names.
    """

    path: str
    tar: int
    size: int
    folder: bool
    kind: bytes = tarfile.REGTYPE
    digest: str = ""
    link: str = ""


@dataclass(frozen=True)
class Layer:
    """`blob` and `tar` are all bytes of both."""

    blob: int
    tar: int
    members: tuple[Member, ...]

    @classmethod
    def of(cls, blob: bytes) -> Layer:
        # A blob of ours has many members, and gzip.decompress copies what is left for each of them.
        data = gzip.GzipFile(fileobj=io.BytesIO(blob)).read() if blob.startswith(b"\x1f\x8b") else blob
        return cls(len(blob), len(data), tuple(_members(data)))


@dataclass(frozen=True)
class Hidden:
    """A member that is shipped and that nobody sees: what became of it, in which layer it came, and which one hid it."""

    kind: str
    path: str
    layer: int
    by: int
    tar: int
    size: int


def hidden_of(document: dict[str, Any]) -> set[Hidden]:
    """The same as `size --json` of an image has it."""
    return {
        Hidden(each["kind"], each["path"], each["layer"], each["by"], each["tar"], each["size"])
        for each in document["waste"]["entries"]
        if each["kind"] in {DELETED, OVERWRITTEN, TOUCHED}
    }


@dataclass
class Reading:
    """`shown` has the tar bytes and the size of each path that is no folder."""

    shown: dict[str, tuple[int, int]] = field(default_factory=dict)
    hidden: set[Hidden] = field(default_factory=set)


def layers(archive: bytes) -> list[Layer]:
    """Those of the one image, the lowest first."""
    files = archives.read_all(archive)
    described = archives.manifest(files)["layers"]
    return [Layer.of(files[f"blobs/{each['digest'].replace(':', '/')}"]) for each in described]


def _members(data: bytes) -> Iterator[Member]:
    end = 0
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        while member := tar.next():
            size = member.size if member.isreg() else 0
            file = tar.extractfile(member) if member.isreg() else None
            yield Member(
                _plain(member.name),
                tar.offset - end,
                size,
                member.isdir(),
                member.type,
                hashlib.sha256(file.read()).hexdigest() if file else "",
                _plain(member.linkname) if member.islnk() else "",
            )
            end = tar.offset


def _plain(name: str) -> str:
    return name.strip("/").removeprefix("./")


def shown(archive: bytes) -> dict[str, tuple[int, int]]:
    """What each path of the image that is no folder takes of its layer's tar and on disk, the layers laid on each other."""
    return reading(layers(archive)).shown


@dataclass
class _Name:
    """A path of the tree: its member, the layer of that, and whose content it is."""

    member: Member
    layer: int
    owner: _Name | None = None

    @property
    def content(self) -> _Name:
        return self.owner or self


def reading(layers: Iterable[Layer]) -> Reading:
    """The layers laid on each other by the words of the image specification, one member after the other."""
    tree: dict[str, _Name] = {}
    gone: list[tuple[str, _Name, int]] = []
    folders: set[str] = set()

    def hide(kind: str, paths: Iterable[str], by: int) -> None:
        gone.extend((kind, tree.pop(path), by) for path in list(paths))

    for number, layer in enumerate(layers):
        marks = [member for member in layer.members if _is_mark(member.path)]
        for mark in marks:
            hide(DELETED, _taken_away(mark.path, tree, number), number)
        for member in layer.members:
            if _is_mark(member.path):
                continue
            linked = tree.get(member.link)
            new = _Name(member, number, linked.content if linked and not linked.member.folder else None)
            above = set(_above(member.path))
            folders |= above
            hide(OVERWRITTEN, [path for path in above if path in tree and _is_in_the_way(tree[path].member)], number)
            if not member.folder and member.path in folders:
                hide(OVERWRITTEN, [path for path in tree if path.startswith(f"{member.path}/")], number)
            old = tree.get(member.path)
            if old and not (old.member.folder and member.folder):
                digest = old.content.member.digest
                same = digest != "" and digest == new.content.member.digest
                hide(TOUCHED if same else OVERWRITTEN, [member.path], number)
            tree[member.path] = new
    return _told(tree, gone)


def _is_mark(path: str) -> bool:
    return path.rpartition("/")[2].startswith(".wh.")


def _above(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path


def _taken_away(mark: str, tree: dict[str, _Name], number: int) -> list[str]:
    folder, _, last = mark.rpartition("/")
    prefix = f"{folder}/" if folder else ""
    lower = [path for path, name in tree.items() if name.layer < number]
    if last == ".wh..wh..opq":
        return [path for path in lower if path.startswith(prefix)]
    gone = prefix + last.removeprefix(".wh.")
    return [path for path in lower if f"{path}/".startswith(f"{gone}/")]


def _is_in_the_way(member: Member) -> bool:
    return not member.folder and member.kind != tarfile.SYMTYPE


def _told(tree: dict[str, _Name], gone: list[tuple[str, _Name, int]]) -> Reading:
    found = Reading(
        {path: (name.member.tar, name.member.size) for path, name in tree.items() if not name.member.folder}
    )
    heirs: dict[int, list[str]] = {}
    for path, name in sorted(tree.items()):
        if name.owner:
            heirs.setdefault(id(name.owner), []).append(path)
    for kind, name, by in gone:
        if others := heirs.get(id(name)):  # the content is seen under another name
            tar, size = found.shown[others[0]]
            found.shown[others[0]] = (tar + name.member.tar, size + name.member.size)
        else:
            found.hidden.add(Hidden(kind, name.member.path, name.layer, by, name.member.tar, name.member.size))
    return found
