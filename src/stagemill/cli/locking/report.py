"""What `stagemill lock` says: the changes as a table, what the lock has now, and what no lock can see; or all of it as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from stagemill.cli.frame import table
from stagemill.errors import Excerpt
from stagemill.lock.change import Change
from stagemill.lock.entries import (
    Entry,
    Lock,
    LockedFile,
    LockedImage,
    LockedPackages,
    LockedRepository,
    LockedSnapshot,
    Variant,
)
from stagemill.lock.unseen import Unseen
from stagemill.oci.reference import Reference
from stagemill.values import dataclass

_COUNTED = {
    LockedImage: ("image", "images"), LockedFile: ("file", "files"), LockedRepository: ("repository", "repositories"),
    LockedPackages: ("lock file of packages", "lock files of packages"), LockedSnapshot: ("snapshot", "snapshots"),
}  # fmt: skip
_HEAD = ("CHANGE", "NAME", "DIGEST", "CREATED", "SIZE")
_SHORT = 12


@dataclass(frozen=True, slots=True)
class Report:
    """Of a lock in a file: how it changed, or, where it was only `checked`, how it would.

    `local` are images that only this machine has, and `copied` is where the lock itself is read.
    """

    file: str
    lock: Lock
    changes: tuple[Change, ...]
    unseen: tuple[Unseen, ...] = ()
    local: tuple[str, ...] = ()
    copied: Excerpt | None = None
    checked: bool = False

    def text(self) -> str:
        rows = table.render(_HEAD, list(_rows(self.changes)), right=(4,))
        if self.checked:
            return rows if self.changes else f"{self.file} is what is needed"
        return "\n".join([*([rows, ""] if self.changes else []), self._summary(), *self._notes()])

    def _summary(self) -> str:
        counts = [(sum(isinstance(entry, kind) for entry in self.lock), words) for kind, words in _COUNTED.items()]
        said = ", ".join(f"{count} {words[count != 1]}" for count, words in counts if count) or "nothing"
        return f"{self.file} has {said}" + ("" if self.changes else ", as before")

    def _notes(self) -> Iterator[str]:
        for name in self.local:
            yield f"note: {name} is in this machine's store, and no registry is known to have it"
        if self.copied:
            yield f"note: {self.copied} copies {self.file} as well, and is made again when it changes: .dockerignore can name it"
        for one in self.unseen:
            yield f"not locked: {one.at}: {one.what}; {one.remedy}"

    def json(self) -> str:
        document = {
            "file": self.file,
            "checked": self.checked,
            "changes": [_change(change) for change in self.changes],
            "local": list(self.local),
            "copied": str(self.copied) if self.copied else None,
            "unseen": [{"at": str(one.at), "what": one.what, "remedy": one.remedy} for one in self.unseen],
        }
        return json.dumps(document, indent=2, ensure_ascii=False)


def _change(change: Change) -> dict[str, object]:
    sides = {"old": change.old, "new": change.new}
    known = {side: _facts(entry) for side, entry in sides.items() if entry}
    return {"change": change.what, "kind": change.kind, "name": change.key, **known}


def _facts(entry: Entry) -> dict[str, object]:
    match entry:
        case LockedImage(_, digest, variants):
            listed = [
                {"platform": each.platform, "digest": each.digest, "size": each.size, "created": each.created}
                for each in variants
            ]
            return {"digest": digest, "platforms": listed}
        case LockedFile(_, digest, size):
            return {"digest": digest, "size": size}
        case LockedRepository(_, _, commit):
            return {"commit": commit}
        case LockedPackages(_, digest):
            return {"digest": digest}
        case LockedSnapshot(_, time):
            return {"time": time}


def _rows(changes: Sequence[Change]) -> Iterator[tuple[str, ...]]:
    for change in changes:
        old, new = change.old, change.new
        if isinstance(old, LockedImage | None) and isinstance(new, LockedImage | None) and (known := new or old):
            yield from _image(change.what, known.familiar, old, new)
        else:
            digest, created, size = (_moved(*pair) for pair in zip(_cells(old), _cells(new), strict=True))
            name = Reference.parse(change.key).familiar if change.kind == "image" else change.key
            yield change.what, name, digest, created, size


def _image(what: str, familiar: str, old: LockedImage | None, new: LockedImage | None) -> Iterator[tuple[str, ...]]:
    """A row for each platform; the digest is what the name stands for."""
    before = {each.platform: each for each in old.variants} if old else {}
    after = {each.platform: each for each in new.variants} if new else {}
    digests = _moved(_short(old.digest) if old else "", _short(new.digest) if new else "")
    for platform in sorted(before.keys() | after.keys()) or [""]:
        one, other = before.get(platform), after.get(platform)
        created, size = (_moved(*pair) for pair in zip(_variant(one), _variant(other), strict=True))
        yield what, f"{familiar} {platform}".rstrip(), digests, created, size


def _variant(variant: Variant | None) -> tuple[str, str]:
    return (variant.created[:10], table.size(variant.size)) if variant else ("", "")


def _cells(entry: Entry | None) -> tuple[str, str, str]:
    match entry:
        case LockedFile(_, digest, size):
            return _short(digest), "", table.size(size)
        case LockedRepository(_, _, commit):
            return commit[:_SHORT], "", ""
        case LockedPackages(_, digest):
            return _short(digest), "", ""
        case _:
            return "", "", ""


def _moved(old: str, new: str) -> str:
    """Both where they differ."""
    return f"{old} → {new}" if old and new and old != new else new or old


def _short(digest: str) -> str:
    return digest.removeprefix("sha256:")[:_SHORT]
