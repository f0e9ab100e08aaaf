"""`Change`: how one lock differs from another, entry by entry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

from stagemill.lock.entries import KINDS, Entry, Lock, LockedImage, LockedRepository
from stagemill.oci.reference import Reference
from stagemill.values import dataclass

What: TypeAlias = Literal["added", "removed", "changed", "missing", "unused"]


@dataclass(frozen=True, slots=True)
class Change:
    """An entry that only one of two locks has, or both with a difference. One that is `missing` is known by its key only."""

    what: What
    kind: str
    key: str
    old: Entry | None = None
    new: Entry | None = None


def changes(old: Lock, new: Lock) -> Iterator[Change]:
    """What makes the new lock of the old one, in the order of the file."""
    before = {(KINDS[type(entry)], entry.key): entry for entry in old}
    after = {(KINDS[type(entry)], entry.key): entry for entry in new}
    kinds = list(KINDS.values())
    for kind, key in sorted(before.keys() | after.keys(), key=lambda each: (kinds.index(each[0]), each[1])):
        one, other = before.get((kind, key)), after.get((kind, key))
        if one != other:
            what: What = "added" if one is None else "removed" if other is None else "changed"
            yield Change(what, kind, key, one, other)


def named(lock: Lock, name: str) -> list[Entry]:
    """The entries that a person means by a name: complete, as people write it, or without what stands behind it."""
    return [entry for entry in lock if name in names(entry)]


def names(entry: Entry) -> tuple[str, ...]:
    """What an entry may be called, the best name first."""
    match entry:
        case LockedImage(name):
            reference = Reference.parse(name)
            bare = reference.familiar.partition("@")[0]
            head, slash, last = bare.rpartition("/")
            return reference.familiar, name, f"{head}{slash}{last.partition(':')[0]}"
        case LockedRepository(url):
            return entry.key, url
        case _:
            return (entry.key,)
