"""`Content`: what sources select, as a key. Its parts say later which file made a difference.

Source of what counts: BuildKit's cache/contenthash, which hashes what lands in the image except for times.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import field
from typing import TypeAlias

from stagemill.digest import Digest, canonical
from stagemill.files.select import Sources, matches, walked
from stagemill.files.spool import Pair, Spool
from stagemill.files.view import Entry, FileView, Foreseeing, Foresight
from stagemill.values import dataclass

Parts: TypeAlias = tuple[Pair, ...]
_AT_ONCE = 1000
_AHEAD = 4000
_Walked: TypeAlias = tuple[str, str, Entry]


@dataclass(frozen=True, slots=True)
class Content:
    """The digest of what is selected. `each_part` goes through its parts, in no order, when somebody wants them; `brief` makes
    of their facts what is worth to be kept. `empty` are the patterns that select nothing.
    """

    digest: Digest
    each_part: Callable[[], Iterable[Pair]] = field(compare=False)
    empty: tuple[str, ...] = ()

    @property
    def parts(self) -> Parts:
        """(Path in the tree, facts), sorted."""
        return tuple(sorted(self.each_part()))


class Contents(Mapping[Digest, Iterable[Pair]]):
    """The parts behind content digests, in no order: of a million files they are never all in memory."""

    def __init__(self) -> None:
        self._known: dict[Digest, Content] = {}

    def add(self, content: Content) -> None:
        self._known[content.digest] = content

    def __getitem__(self, digest: Digest) -> Iterable[Pair]:
        return self._known[digest].each_part()

    def __contains__(self, digest: object) -> bool:
        return digest in self._known

    def __iter__(self) -> Iterator[Digest]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def content(view: FileView, sources: Sources, *, owners: bool) -> Content:
    """What the sources select, as COPY would see it.

    A directory's files are named relative to it, a file by its name. Kind, mode, size, xattrs, bytes, symlink text,
    device and hard links count, owners where asked for, times never. A path that is selected twice is no hard link of itself:
    whether it has a node may depend on links that are elsewhere. Raises MissingSourceError.
    """
    if isinstance(view, Foreseeing):
        with view.foreseeing() as foresight:
            return _content(view, sources, foresight, owners=owners)
    return _content(view, sources, _Blind(view), owners=owners)


def _content(view: FileView, sources: Sources, foresight: Foresight, *, owners: bool) -> Content:
    seen: dict[Hashable, tuple[str, str]] = {}
    groups, parts = _Groups(), Spool()
    full: set[str] = set()
    for number, match in enumerate(matches(view, sources)):
        size = 0
        groups.begin()
        for (path, name, entry), digest in _expected(walked(view, match), foresight):
            here = path, f"{number}/{name}"
            first, place = seen.setdefault(entry.node, here) if entry.node is not None else here
            link = "" if first == path else place
            data = (digest or foresight.digest(path)) if entry.kind == "file" else ""
            facts = "." if not name else _facts(entry, data=data, link=link, owners=owners)
            groups.add([name, hashlib.sha256(facts.encode("utf-8", "surrogateescape")).hexdigest()])
            parts.append((path, facts))
            size += 1
        if not sources.parents or size > 1:
            full.add(match.pattern)
    empty = tuple(pattern for pattern in sources.patterns if pattern not in full)
    return Content(groups.digest(), lambda: parts, empty)


class _Blind:
    """The digests of a view that does nothing ahead."""

    def __init__(self, view: FileView) -> None:
        self.digest = view.digest

    def expect(self, path: str) -> Digest | None:
        pass


def _expected(walked: Iterable[_Walked], foresight: Foresight) -> Iterator[tuple[_Walked, Digest | None]]:
    """The same with the digests that are known; of other files some thousands are expected before the first is used."""
    waiting: deque[tuple[_Walked, Digest | None]] = deque()
    unknown = 0
    for each in walked:
        known = foresight.expect(each[0]) if each[2].kind == "file" else None
        unknown += known is None and each[2].kind == "file"
        if not unknown:
            yield each, known
            continue
        waiting.append((each, known))
        if len(waiting) > _AHEAD:
            yield waiting.popleft()
    yield from waiting


class _Groups:
    """The digest of the canonical form of groups of pairs, of which no more than some are held: there may be a million."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256(b"[")
        self._before = b"["
        self._waiting: list[list[str]] = []
        self._hashed = False

    def begin(self) -> None:
        """What is added from now on is in the next group."""
        self._end()
        self._sha256.update(self._before)
        self._before, self._hashed = b"],[", False

    def add(self, pair: list[str]) -> None:
        self._waiting.append(pair)
        if len(self._waiting) >= _AT_ONCE:
            self._end()

    def digest(self) -> Digest:
        self._end()
        self._sha256.update(b"]" if self._before == b"[" else b"]]")
        return Digest.from_hex(self._sha256.hexdigest())

    def _end(self) -> None:
        """None is held."""
        if self._waiting:
            text = canonical(self._waiting)
            self._sha256.update(b"," if self._hashed else b"")
            self._sha256.update(memoryview(text)[1:-1])
            self._waiting, self._hashed = [], True


def _facts(entry: Entry, *, data: str, link: str, owners: bool) -> str:
    """One text in which every difference that counts makes a difference. No field can hold a NUL."""
    if not owners and not link and not entry.xattrs and entry.kind == "file":
        return f"file\0{entry.mode:o}\0\0{entry.size}\0{data}\0\0\0\0"
    owner = f"{entry.uid}:{entry.gid}" if owners else ""
    xattrs = "\0".join(f"{name}={value.hex()}" for name, value in entry.xattrs)
    device = f"{entry.device[0]}:{entry.device[1]}" if entry.device != (0, 0) else ""
    return f"{entry.kind}\0{entry.mode:o}\0{owner}\0{entry.size}\0{data}\0{entry.target}\0{device}\0{link}\0{xattrs}"


_FIELDS = ("type", "mode", "owner", "size", "content", "target", "device", "link", "attributes")
_SHOWN = slice(7, 23)  # of a digest, behind its "sha256:"


def brief(facts: str) -> str:
    """The same facts with so much of a file's digest as tells it from others of its path."""
    fields = facts.split("\0", len(_FIELDS) - 1)
    if len(fields) < len(_FIELDS):
        return facts
    fields[4] = fields[4][_SHOWN]
    return "\0".join(fields)


def differing(now: str, before: str) -> tuple[str, ...]:
    """What differs between the brief facts of a path, of `type`, `mode`, `owner`, `content`, `target`, …; size is content."""
    pairs = zip(now.split("\0", len(_FIELDS) - 1), before.split("\0", len(_FIELDS) - 1), strict=False)
    found = [name for name, (new, old) in zip(_FIELDS, pairs, strict=False) if new != old]
    if "type" in found:
        return ("type",)
    return tuple(dict.fromkeys("content" if name == "size" else name for name in found))
