"""`ImageDifference`: what one image has that another has not: files, packages, and keys of the config."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

from stagemill.digest import Digest
from stagemill.files.view import Entry
from stagemill.insight.contents import Placed, Weight
from stagemill.insight.image import ImageSize
from stagemill.insight.ownership import Ecosystem
from stagemill.oci.document import Json
from stagemill.values import dataclass

_OF_LAYERS = frozenset({"rootfs", "history", "created"})
"""Keys of a config that only repeat what the layers are, and when they were made."""


class Change(StrEnum):
    """The values are what JSON says."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class FileChange:
    """A path that is not the same; `facts` say what of it: a name with the old and the new value, both as text.

    Times are no fact: two builds of the same files have other ones.
    """

    path: str
    change: Change
    before: Placed | None
    after: Placed | None
    facts: tuple[tuple[str, str, str], ...] = ()

    @property
    def growth(self) -> int:
        """In bytes on disk."""
        return _size(self.after) - _size(self.before)


@dataclass(frozen=True, slots=True)
class PackageChange:
    """The versions of a package; of one that is there several times all of them, sorted. `growth` is in bytes on disk."""

    ecosystem: Ecosystem
    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    growth: int

    @property
    def change(self) -> Change:
        if not self.before:
            return Change.ADDED
        return Change.CHANGED if self.after else Change.REMOVED


@dataclass(frozen=True, slots=True)
class KeyChange:
    """A key of the config, as a path; None where there is none."""

    key: str
    before: Json
    after: Json


@dataclass(frozen=True, slots=True)
class ImageDifference:
    """`files` by path, `packages` by kind and name, `config` by key."""

    before: ImageSize
    after: ImageSize
    files: tuple[FileChange, ...]
    packages: tuple[PackageChange, ...]
    config: tuple[KeyChange, ...]

    def __bool__(self) -> bool:
        return bool(self.files or self.packages or self.config)

    def count(self, change: Change) -> int:
        """How many paths were added, removed or changed."""
        return sum(each.change is change for each in self.files)


def compare(
    before: ImageSize, after: ImageSize, configs: tuple[Mapping[str, Json], Mapping[str, Json]]
) -> ImageDifference:
    """All that differs. `configs` are those of both images."""
    old, new = ({key: value for key, value in each.items() if key not in _OF_LAYERS} for each in configs)
    return ImageDifference(
        before,
        after,
        tuple(_files(before.contents.shown, after.contents.shown)),
        tuple(_packages(before, after)),
        tuple(_keys(old, new, "")),
    )


def directories(found: ImageDifference, depth: int) -> list[tuple[str, int]]:
    """By how much each directory that lies that deep or less grew on disk, what changed most first."""
    growth: defaultdict[str, int] = defaultdict(int)
    for each in found.files:
        parts = each.path.split("/")[:-1][:depth]
        for end in range(1, len(parts) + 1):
            growth["/".join(parts[:end])] += each.growth
    return sorted(((path, size) for path, size in growth.items() if size), key=lambda item: (-abs(item[1]), item[0]))


def _files(before: Mapping[str, Placed], after: Mapping[str, Placed]) -> Iterator[FileChange]:
    for path in sorted({*before, *after} - {""}):
        old, new = before.get(path), after.get(path)
        if old is None or new is None:
            yield FileChange(path, Change.ADDED if old is None else Change.REMOVED, old, new)
        elif facts := tuple(_facts(old, new, digests=(_content(old, before), _content(new, after)))):
            yield FileChange(path, Change.CHANGED, old, new, facts)


def _content(placed: Placed, shown: Mapping[str, Placed]) -> Digest | None:
    """The digest of a file's bytes, also of one that has them from another name; None for what has none."""
    part, seen = placed.part, set[str]()
    while part.link is not None and part.link not in seen and (target := shown.get(part.link)):
        seen.add(part.link)
        part = target.part
    return part.digest


def _facts(old: Placed, new: Placed, *, digests: tuple[Digest | None, Digest | None]) -> Iterator[tuple[str, str, str]]:
    one, other = old.part, new.part
    pairs = (
        ("kind", *(("hard link" if part.link else part.entry.kind) for part in (one, other))),
        ("mode", *(f"{part.entry.mode:04o}" for part in (one, other))),
        ("owner", *(f"{part.entry.uid}:{part.entry.gid}" for part in (one, other))),
        ("size", *(str(part.entry.size) for part in (one, other))),
        ("content", *digests),
        ("target", *(part.link or part.entry.target for part in (one, other))),
        ("device", *("{}:{}".format(*part.entry.device) for part in (one, other))),
    )
    for name, ours, theirs in pairs:
        if ours != theirs:
            yield name, _told(ours), _told(theirs)
    if one.entry.xattrs != other.entry.xattrs:
        yield "attributes", _attributes(one.entry, other.entry), _attributes(other.entry, one.entry)


def _told(fact: str | None) -> str:
    return fact.short if isinstance(fact, Digest) else fact or ""


def _attributes(entry: Entry, beside: Entry) -> str:
    """Those that another has not, or has otherwise, each with what stands for its value."""
    others = set(beside.xattrs)
    return " ".join(f"{name}={Digest.of(value).short}" for name, value in entry.xattrs if (name, value) not in others)


def _size(placed: Placed | None) -> int:
    return placed.part.entry.size if placed else 0


def _packages(before: ImageSize, after: ImageSize) -> Iterator[PackageChange]:
    old, new = _versions(before), _versions(after)
    for ecosystem, name in sorted({*old, *new}):
        ours, theirs = old.get((ecosystem, name), ()), new.get((ecosystem, name), ())
        versions = [tuple(sorted(version for version, _ in each)) for each in (ours, theirs)]
        if versions[0] != versions[1]:
            growth = sum(weight.size for _, weight in theirs) - sum(weight.size for _, weight in ours)
            yield PackageChange(ecosystem, name, versions[0], versions[1], growth)


def _versions(size: ImageSize) -> Mapping[tuple[Ecosystem, str], Sequence[tuple[str, Weight]]]:
    found: defaultdict[tuple[Ecosystem, str], list[tuple[str, Weight]]] = defaultdict(list)
    for package, weight in size.packages:
        found[package.ecosystem, package.name].append((package.version, weight))
    return found


def _keys(old: Json, new: Json, key: str) -> Iterator[KeyChange]:
    if key == "config.Env" and isinstance(old, list | tuple) and isinstance(new, list | tuple):
        old, new = _variables(old), _variables(new)
    ours, theirs = ({} if each is None else each for each in (old, new))
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        for name in sorted({*ours, *theirs}):
            yield from _keys(ours.get(name), theirs.get(name), f"{key}.{name}" if key else name)
    elif old != new:
        yield KeyChange(key, old, new)


def _variables(texts: Sequence[Json]) -> dict[str, Json]:
    pairs = (str(text).partition("=") for text in texts)
    return {name: value for name, _, value in pairs}
