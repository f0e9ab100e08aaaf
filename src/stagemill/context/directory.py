"""`DirectoryContext`: a directory of the user's as a tree, without what its ignore rules leave out.

One look per folder, when it is first asked for; after that everything is a look-up. Files belong to root, as in every
image that is built from a context. Digests are remembered between builds by what the kernel says of a file. That is not
believed of a file that changed since shortly before the build began (see `seen.py`). What all of it was found to be is
remembered too, and holds as long as no folder that was looked at has another mark.
"""

from __future__ import annotations

import errno
import hashlib
import marshal
import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from stagemill.context.ahead import Ahead
from stagemill.context.digests import Digests, StatCache
from stagemill.context.ignore import IgnoreRules
from stagemill.context.look import FORM, Look, Row, Xattrs, key_of, look, row, xattrs
from stagemill.context.seen import MOST_YOUNG, MOST_YOUNG_BYTES, Folder, Found, Seen
from stagemill.digest import Digest
from stagemill.errors import ContextError
from stagemill.files.crew import Crew
from stagemill.files.folded import Folded
from stagemill.files.view import Entry, Kind
from stagemill.timings import measured

_CHUNK = 1 << 20
_ENDLESS = 1 << 62  # bytes; a file of the kernel's says that it has none, whatever is in it
_KINDS: dict[int, Kind] = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "dir",
    stat.S_IFLNK: "symlink",
    stat.S_IFIFO: "fifo",
    stat.S_IFCHR: "char",
    stat.S_IFBLK: "block",
    stat.S_IFSOCK: "socket",
}
_NO_ROWS: Mapping[str, Row] = MappingProxyType({})


class DirectoryContext:
    """A `FileView` of a directory. Paths that `ignore` leaves out do not exist.

    `started_ns` is when the build began, in nanoseconds since the epoch, `title` what people call the context; a `crew` reads its
    files where there are many. No symlink is followed, so nothing outside of the directory is ever seen. Reads raise
    ContextError. `root` is where it is, without links.
    """

    def __init__(
        self,
        root: Path,
        *,
        ignore: IgnoreRules | None,
        stats: StatCache,
        started_ns: int,
        title: str = "the build context",
        crew: Crew | None = None,
    ) -> None:
        self._title = title
        self.crew = crew or Crew(0)
        self.root = os.path.realpath(root)
        self._ignore = ignore
        self._digests = Digests(stats, started_ns=started_ns)
        self._rows = Folded(_packed_rows, _unpacked_rows)
        self._folders: dict[str, Folder] = {}
        self._targets: dict[str, str] = {}
        self._xattrs: dict[str, Xattrs] = {}
        self._unseen = False
        self._top = self._read_root()

    def lstat(self, path: str) -> Entry | None:
        if not path:
            return self._top
        found = self._row(path)
        return self._entry(path, found) if found else None

    def listdir(self, path: str) -> list[str]:
        return list(self._rows_in(path))

    @property
    def looked_at(self) -> Mapping[str, Collection[str]]:
        """The folders that were read so far, and the names in each that are left out."""
        return {path: folder.hidden for path, folder in self._folders.items()}

    def rows(self, folder: str) -> Collection[Row]:
        """All that was read of a folder that was looked at."""
        return self._rows.look(folder).values()

    def children(self, folder: str) -> Iterator[tuple[str, Entry]]:
        prefix = f"{folder}/" if folder else ""
        for name, seen in self._rows_in(folder).items():
            path = prefix + name
            yield path, self._entry(path, seen)

    def digest(self, path: str) -> Digest:
        folder, _, name = path.rpartition("/")
        known = self._digests.get(folder, name)
        if known is None:
            seen = self._rows_in(folder).get(name)
            assert seen, f"{path!r} is not in the context"
            assert stat.S_ISREG(seen[1]), f"{path!r} is no file"
            known = self._digests.look(folder, name, seen)
            if known is None:
                known = self._hash(path, key_of(seen))
                self._digests.learn(folder, name, seen, known)
        return known

    @contextmanager
    def foreseeing(self) -> Iterator[Ahead]:
        """Reads ahead what it is told of."""
        with self.crew.hired() as hands:
            yield Ahead(self, hands)

    def look(self, path: str) -> Digest | Row:
        """The digest of a file; what was seen of one that would have to be read for that."""
        folder, _, name = path.rpartition("/")
        seen = self._rows_in(folder)[name]
        return self._digests.look(folder, name, seen) or seen

    def learn(self, path: str, seen: Row, digest: Digest) -> None:
        """A file was read that is as it was seen."""
        folder, _, name = path.rpartition("/")
        self._digests.learn(folder, name, seen, digest)

    def real_path(self, path: str) -> Path:
        return Path(self.root, path)

    @measured("walk")
    def recall(self, seen: Seen) -> bool:
        """Whether all that an earlier build saw is exactly so still. Folders that are, are not looked at again."""
        # By an exception, what is in a folder may decide whether the folder itself is kept.
        whole = self._ignore is not None and self._ignore.has_exceptions
        same = True
        for folder in seen.folders:
            if not same and not self._is_folder(folder.path):
                continue
            if found := self._unchanged(folder):
                self._take(folder, found)
                continue
            same = False
            if whole:
                self._forget()
                return False
            with suppress(ContextError):  # whoever asks for it hears of it
                self._scan(folder.path)
        marks = {folder.path: folder.mark for folder in seen.folders}
        for path, own in seen.xattrs.items():
            above = path[: max(path.rfind("/"), 0)]
            if above in self._folders and self._folders[above].mark == marks[above]:
                self._xattrs[path] = own
        return [self._holds(path) for path in seen.young] == list(seen.young.values()) and same

    def seen(self, found: Mapping[str, Found], *, rules: str, before: Seen | None = None) -> Seen | None:
        """All that was looked at until now, and what was `found` out; None where nobody could tell that it stays so.

        `before` is what was recalled and is so still.
        """
        young = self._young()
        if self._unseen or young is None:
            return None
        held = {**(before.young if before else {}), **{path: self._holds(path) for path in young}}
        if not all(held.values()):
            return None
        folders = sorted(self._folders.values(), key=lambda folder: folder.path.replace("/", "\0"))
        return Seen(rules, tuple(folders), held, {path: own for path, own in self._xattrs.items() if own}, found)

    def _young(self) -> list[str] | None:
        """The files that may change again with none of their times changing; None where they are too many or too large."""
        since, found, size = self._digests.settled_before, [], 0
        for folder in self._rows.folders():
            for name, each in self._rows.look(folder).items():
                if (each[7] >= since or each[8] >= since) and not stat.S_ISDIR(each[1]):
                    found.append(f"{folder}/{name}" if folder else name)
                    size += each[6]
            if len(found) > MOST_YOUNG or size > MOST_YOUNG_BYTES:
                return None
        return found

    def _holds(self, path: str) -> str:
        """What is in a young file, as text; nothing where that cannot be told."""
        entry = self.lstat(path)
        if entry is None:
            return ""
        try:
            own = self._xattrs[path] = xattrs(self._place(path))
            return f"{self.digest(path) if entry.kind == 'file' else ''} {own!r}"
        except (ContextError, OSError):
            return ""

    @measured("hash")
    def _hash(self, path: str, key: tuple[int, ...]) -> Digest:
        sha256 = hashlib.sha256()
        try:
            descriptor = os.open(self._place(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            left = key[2] or _ENDLESS  # one read is enough for a small file
            try:
                while left and (data := os.read(descriptor, min(left, _CHUNK))):
                    sha256.update(data)
                    left -= len(data)
                unchanged = key_of(row("", os.fstat(descriptor))) == key
            finally:
                os.close(descriptor)
        except OSError as error:
            if error.errno not in {errno.ENOENT, errno.ELOOP}:
                raise self._unreadable(path, error) from error
            unchanged = False
        if not unchanged:
            raise ContextError(f'"/{path}" of {self._title} changed while it was read', hint="build again")
        return Digest.from_bytes(sha256.digest())

    def _row(self, path: str) -> Row | None:
        folder, _, name = path.rpartition("/")
        return self._rows_in(folder).get(name)

    def _rows_in(self, folder: str) -> Mapping[str, Row]:
        """What is kept in a folder, after all above it were looked at too; nothing where it is no folder of the context."""
        known = self._rows.get(folder)
        if known is not None:
            return known
        names = folder.split("/") if folder else []
        for depth in range(len(names) + 1):
            path = "/".join(names[:depth])
            if path not in self._rows:
                if not self._is_folder(path):
                    return _NO_ROWS
                self._scan(path)
        return self._rows.get(folder) or _NO_ROWS

    def _is_folder(self, path: str) -> bool:
        """Whether the folder that a path lies in was looked at, and has a folder there."""
        if not path:
            return True
        above, _, name = path.rpartition("/")
        found = (self._rows.get(above) or _NO_ROWS).get(name)
        return found is not None and stat.S_ISDIR(found[1])

    def _unchanged(self, folder: Folder) -> Look | None:
        """The folder as it is now, if that is as it was."""
        place = self._place(folder.path)
        try:
            with os.scandir(place) as listing:
                found = look(place, list(listing), frozenset(folder.hidden))
        except OSError:
            return None
        return found if found.mark == folder.mark else None

    @measured("walk")
    def _scan(self, folder: str) -> bool:
        """Looks at a folder; whether anything in it is kept."""
        place = self._place(folder)
        try:
            with os.scandir(place) as listing:
                items = list(listing)
            hidden = self._hidden(folder, items)
            found = look(place, items, hidden)
            own = {
                name: values
                for name, each in found.rows.items()
                if not stat.S_ISDIR(each[1]) and not stat.S_ISLNK(each[1]) and (values := xattrs(f"{place}/{name}"))
            }
        except OSError as error:
            raise self._unreadable(folder, error) from error
        self._take(Folder(folder, found.mark, tuple(sorted(hidden))), replace(found, xattrs={**found.xattrs, **own}))
        return bool(found.rows)

    def _take(self, folder: Folder, found: Look) -> None:
        prefix = f"{folder.path}/" if folder.path else ""
        self._rows.put(folder.path, found.rows)
        self._folders[folder.path] = folder
        self._targets.update((prefix + name, text) for name, text in found.targets.items())
        self._xattrs.update((prefix + name, own) for name, own in found.xattrs.items())

    def _forget(self) -> None:
        """As if nothing had been looked at."""
        self._rows.clear()
        for known in (self._folders, self._targets, self._xattrs):
            known.clear()

    def _hidden(self, folder: str, items: Iterable[os.DirEntry[str]]) -> frozenset[str]:
        """The names in a folder that the ignore rules leave out."""
        if self._ignore is None:
            return frozenset()
        prefix = f"{folder}/" if folder else ""
        excluded = self._ignore.judge(folder)
        return frozenset(
            item.name
            for item in items
            if excluded(prefix + item.name) and not self._has_exceptions(prefix + item.name, item)
        )

    def _has_exceptions(self, path: str, item: os.DirEntry[str]) -> bool:
        """Whether a directory that is left out stays, for the sake of something in it."""
        assert self._ignore, "something is left out"
        if not item.is_dir(follow_symlinks=False) or not self._ignore.may_reinclude_below(path):
            return False
        try:
            return self._scan(path)
        except ContextError:
            self._unseen = True
            return False  # nobody asked for it

    def _entry(self, path: str, found: Row) -> Entry:
        _, mode, device, node, names, stands_for, size, changed, _ = found
        own = self._xattrs.get(path, ()) if self._xattrs else ()
        if names == 1 and stat.S_ISREG(mode):
            return Entry("file", mode & 0o7777, 0, 0, size, changed, xattrs=own)
        kind = _KINDS[stat.S_IFMT(mode)]
        return Entry(
            kind,
            mode & 0o7777,
            0,
            0,
            size if kind == "file" else 0,
            changed,
            self._targets[path] if kind == "symlink" else "",
            (os.major(stands_for), os.minor(stands_for)) if kind in {"char", "block"} else (0, 0),
            own,
            (device, node) if names > 1 and kind != "dir" else None,
        )

    def _place(self, path: str) -> str:
        return f"{self.root}/{path}" if path else self.root

    def _unreadable(self, path: str, error: OSError) -> ContextError:
        return ContextError(
            f'cannot read "/{path}" of {self._title}: {error.strerror}',
            hint="make it readable, or leave it out with a line in .dockerignore",
        )

    def _read_root(self) -> Entry:
        try:
            status = os.stat(self.root)
            own = xattrs(self.root)
        except OSError as error:
            raise ContextError(
                f"cannot read {self._title} {self.root}: {error.strerror}",
                hint="name a directory that exists and that you may read",
            ) from error
        if not stat.S_ISDIR(status.st_mode):
            raise ContextError(
                f"{self._title} {self.root} is not a directory",
                hint="name the directory that holds the files; `-f` names the Dockerfile",
            )
        return Entry("dir", status.st_mode & 0o7777, 0, 0, 0, status.st_mtime_ns, xattrs=own)


def _packed_rows(rows: Mapping[str, Row]) -> bytes:
    return marshal.dumps([*rows.values()], FORM)


def _unpacked_rows(packed: bytes) -> dict[str, Row]:
    return {row[0]: row for row in marshal.loads(packed)}  # noqa: S302  it was packed here
