"""`Content`: what sources select, as a key. Its parts say later which file made a difference.

Source of what counts: BuildKit's cache/contenthash, which hashes what lands in the image except for times.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

from stagemill.digest import Digest
from stagemill.files.select import Match, matches
from stagemill.files.view import Entry, FileView
from stagemill.files.walk import walk


@dataclass(frozen=True, slots=True)
class Content:
    """The digest of what is selected, and its parts: (relative path, digest of its facts), sorted."""

    digest: Digest
    parts: tuple[tuple[str, str], ...]


def content(view: FileView, patterns: Sequence[str], *, owners: bool) -> Content:
    """What the patterns select, as COPY would see it.

    A directory's files are named relative to it, a file by its name. Kind, mode, size, xattrs, bytes, symlink text,
    device and hard links count, owners where asked for, times never. Raises MissingSourceError.
    """
    seen: dict[Hashable, str] = {}
    groups: list[list[tuple[str, str]]] = []
    for number, match in enumerate(matches(view, patterns)):
        group = []
        for path, name, entry in _named(view, match):
            first = seen.setdefault(entry.node, f"{number}/{name}") if entry.node is not None else ""
            link = "" if first == f"{number}/{name}" else first
            data = view.digest(path) if entry.kind == "file" else ""
            facts = "." if not name else _facts(entry, data=data, link=link, owners=owners)
            group.append((name, hashlib.sha256(facts.encode("utf-8", "surrogateescape")).hexdigest()))
        groups.append(group)
    digest = Digest.of_value([[list(part) for part in group] for group in groups])
    return Content(digest, tuple(sorted(part for group in groups for part in group)))


def _named(view: FileView, match: Match) -> Iterator[tuple[str, str, Entry]]:
    """(path, name in the copy, entry); the directory whose contents are copied has the empty name."""
    entries = walk(view, match.path)
    top, entry = next(entries)
    if entry.kind != "dir":
        yield top, match.name, entry
        return
    yield top, "", entry
    skipped = len(top) + 1 if top else 0
    for path, below in entries:
        yield path, path[skipped:], below


def _facts(entry: Entry, *, data: str, link: str, owners: bool) -> str:
    """One text in which every difference that counts makes a difference. No field can hold a NUL."""
    owner = f"{entry.uid}:{entry.gid}" if owners else ""
    xattrs = "\0".join(f"{name}={value.hex()}" for name, value in entry.xattrs)
    device = f"{entry.device[0]}:{entry.device[1]}" if entry.device != (0, 0) else ""
    return f"{entry.kind}\0{entry.mode:o}\0{owner}\0{entry.size}\0{data}\0{entry.target}\0{device}\0{link}\0{xattrs}"
