"""`Draft`, a layer while it is written: what it has so far, on top of the tree below it.

A directory of the tree that gets something new appears in the layer as it is in the tree, so that the stacked tree keeps
its mode, owner, time and attributes. Directories get theirs when the layer is finished: nothing may change them later, and
what is put into one must not inherit its group.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from stagemill.digest import Digest
from stagemill.errors import StagemillError, StoreError
from stagemill.execute import transfer
from stagemill.execute.soon import Sent, Soon
from stagemill.execute.written import Written
from stagemill.files.crew import Hands
from stagemill.files.paths import join, split
from stagemill.files.view import Entry, FileView
from stagemill.layer import attributes, disk
from stagemill.layer.hashed import Hashed
from stagemill.layer.index import IndexEntry
from stagemill.layer.stream import CHUNK

_ROOT = Entry("dir", 0o755, 0, 0, 0, 0)
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FULL = {errno.ENOSPC, errno.EDQUOT}


class Draft:
    """Writes the directory of a layer, in overlayfs' form, into the empty directory `into`.

    Paths are in the tree, with symlinks resolved by the caller. `known` is what is known of the files written. Raises
    StagemillError for what the tree does not allow, and OSError.
    """

    def __init__(
        self, parent: FileView, into: Path, *, hands: Hands | None = None, hashed: Hashed | None = None
    ) -> None:
        self._soon = Soon(os.fspath(into), hands or Hands([], 0), self._put_at_once)
        self._hashed = hashed
        self._large: list[Sent] = []
        self._parent = parent
        self._into = os.fspath(into)
        self._owner = os.geteuid(), os.getegid()
        # All but files of one name, of which there may be a million.
        self._written: dict[str, Entry] = {"": parent.lstat("") or _ROOT}
        # Directories that only this layer has: what is not written to them is nowhere.
        self._new: set[str] = set()
        self.known = Written()

    def lstat(self, path: str) -> Entry | None:
        """The entry in the tree with the layer on top."""
        written = self._written.get(path) or self._file(path)
        if written or path[: max(path.rfind("/"), 0)] in self._new:
            return written
        return self._parent.lstat(path)

    def is_directory(self, path: str) -> bool:
        entry = self.lstat(path)
        return entry is not None and entry.kind == "dir"

    def _file(self, path: str) -> Entry | None:
        fact = self.known.get(path)
        return fact.entry if isinstance(fact, IndexEntry) else None

    def holds(self, path: str, entry: Entry) -> bool:
        """Whether this very entry, of a file of several names, was written to a path and is still there."""
        return self._written.get(path) is entry

    def make_directories(self, path: str, new: Entry) -> None:
        """Makes sure that a path is a directory; those that are missing are like `new`."""
        names = path.split("/") if path else []
        for depth in range(1, len(names) + 1):
            current = "/".join(names[:depth])
            entry = self.lstat(current)
            if entry and entry.kind != "dir":
                raise _no_directory(current, entry)
            if current not in self._written:
                os.mkdir(self._place(current), 0o700)
                self._written[current] = entry or new
                if entry is None:
                    self._new.add(current)

    def put_directory(self, path: str, entry: Entry, *, replacing: bool = False) -> None:
        """A directory at a path, with the metadata of the entry, merged with what is there.

        Something else than a directory is an error, unless it is to be replaced.
        """
        existing = self.lstat(path)
        if existing and existing.kind != "dir":
            if not replacing or self._hides_directory(path):
                raise _no_directory(path, existing)
            self._remove(path)
        elif existing:
            entry = replace(entry, xattrs=tuple(sorted({**dict(existing.xattrs), **dict(entry.xattrs)}.items())))
        if path not in self._written:
            self._enter(split(path)[0])
            os.mkdir(self._place(path), 0o700)
            if existing is None:
                self._new.add(path)
        self._written[path] = entry

    def put_file(self, path: str, entry: Entry, write: Callable[[int], None], *, digest: Digest) -> None:
        """A new file, whose bytes `write` puts into the descriptor it is given."""
        descriptor = os.open(self._place(path), _NEW_FILE, 0o600)
        try:
            write(descriptor)
            attributes.apply(descriptor, entry, owner=self._owner)
            found = disk.read_open(descriptor)
        finally:
            os.close(descriptor)
        self._wrote(path, entry, known=IndexEntry(path, entry if found == entry else found, digest))

    def put_soon(self, sent: Sent) -> None:
        """A new file, which is there when the layer is finished. ContextError where it is not what it was, now or later."""
        if not sent.twin and not sent.is_plain:
            self._put_at_once(sent)
            return
        self.known[sent.path] = IndexEntry(sent.path, sent.entry, sent.digest)
        self._soon.put(sent)
        if self._hashed and not sent.twin and sent.entry.size >= CHUNK:
            self._large.append(sent)

    def _put_at_once(self, sent: Sent) -> None:
        place, size = f"{sent.root}/{sent.name}", sent.entry.size
        copy = partial(transfer.copy_hashed, place, size=size, expected=sent.digest, name=sent.title)
        self.put_file(sent.path, sent.entry, copy, digest=sent.digest)

    def put_special(self, path: str, entry: Entry) -> None:
        """A symlink, pipe, socket or device."""
        place = self._place(path)
        match entry.kind:
            case "symlink":
                os.symlink(entry.target, place)
            case "fifo":
                os.mkfifo(place, 0o600)
            case "socket":
                os.mknod(place, stat.S_IFSOCK | 0o600)
            case _:
                _make_device(place, path, entry)
        attributes.apply(place, entry, owner=self._owner)
        self._written[path] = entry

    def link(self, path: str, first: str) -> None:
        """Another name for a file that was written."""
        os.link(self._place(first), self._place(path), follow_symlinks=False)
        self._written[path] = self._written[first]
        fact = self.known.get(first)
        digest = fact.digest if isinstance(fact, IndexEntry) else fact
        if digest:
            self.known[first] = self.known[path] = digest

    def adopt(self, path: str, entry: Entry, source: str, *, known: IndexEntry) -> bool:
        """A hard link of a file on disk that is as the entry says; False where the file system does not allow it.

        `known` is what an index has of it at this path, where it has no second name in the layer.
        """
        try:
            os.link(source, self._place(path), follow_symlinks=False)
        except OSError:
            return False
        self._wrote(path, entry, known=known)
        return True

    def _wrote(self, path: str, entry: Entry, *, known: IndexEntry) -> None:
        if entry.node is not None:
            self._written[path] = entry
        self.known[path] = known

    def clear(self, path: str, *, replacing: bool = False) -> None:
        """Makes room at a path for something that is no directory; a directory there is an error, unless it is replaced."""
        above_is_new = path[: max(path.rfind("/"), 0)] in self._new
        if above_is_new and path not in self._written and self.known.get(path) is None:
            return
        existing = self.lstat(path)
        if existing and existing.kind == "dir" and (not replacing or not path):
            raise StagemillError(
                f'cannot replace the directory "/{path}" with a file',
                hint="copy to another name, or remove it in a RUN",
            )
        self._enter(split(path)[0])
        self._remove(path)

    def finish(self) -> None:
        """Gives the directories what they are to have, those below first, when all files are there."""
        self._soon.wait()
        for sent in self._large:
            if self._hashed and self.known.get(sent.path):
                self._hashed.made(self._place(sent.path), sent.digest)
        for path in sorted(self._written, reverse=True):
            entry = self._written[path]
            if entry.kind == "dir":
                attributes.apply(self._place(path), entry)

    def _enter(self, path: str) -> None:
        if path not in self._written:
            self.make_directories(path, _ROOT)

    def _remove(self, path: str) -> None:
        """Takes away what this layer has at a path; what the tree below has there is hidden by what comes."""
        if path in self._written or path in self.known:
            self._soon.wait()  # who comes late is not to come after it
        entry = self._written.pop(path, None)
        if self.known.pop(path, None) or (entry and entry.kind != "dir"):
            os.unlink(self._place(path))
        if entry is None or entry.kind != "dir":
            return
        import shutil  # noqa: PLC0415  little is taken away again

        shutil.rmtree(self._place(path))
        self._new.discard(path)
        for below in [other for other in self._written if other.startswith(f"{path}/")]:
            del self._written[below]
            self._new.discard(below)
        for below in [other for other in self.known if other.startswith(f"{path}/")]:
            del self.known[below]

    def _hides_directory(self, path: str) -> bool:
        below = self._parent.lstat(path)
        return below is not None and below.kind == "dir"

    def _place(self, path: str) -> str:
        return join(self._into, path)


def explained(error: OSError, into: Path) -> StoreError:
    """The error for a layer that cannot be written."""
    path = error.filename if isinstance(error.filename, str) else ""
    inside = path.startswith(f"{into}/")
    if path and not inside:
        return StoreError(f"cannot read {path}: {error.strerror}", hint="run `stagemill store check`, then build again")
    what = f'"{path.removeprefix(str(into))}" of the new layer' if inside else "the new layer"
    hint = "free some space, or put the store elsewhere with STAGEMILL_ROOT" if error.errno in _FULL else None
    if isinstance(error, attributes.OwnerError):
        return StoreError(
            f"cannot write {what}: this user namespace has no owner {error.uid}:{error.gid}",
            hint=f"make the ranges of this user in /etc/subuid and /etc/subgid reach beyond {max(error.uid, error.gid)}, "
            "or build as root",
        )
    return StoreError(f"cannot write {what}: {error.strerror}", hint=hint)


def _make_device(place: str, path: str, entry: Entry) -> None:
    if entry.kind == "char" and entry.device == (0, 0):
        raise StagemillError(
            f'cannot copy the device 0:0 to "/{path}": it means a deletion in layers', hint="leave it out of the source"
        )
    kind = stat.S_IFCHR if entry.kind == "char" else stat.S_IFBLK
    try:
        os.mknod(place, kind | 0o600, os.makedev(*entry.device))
    except PermissionError as error:
        raise StagemillError(
            f'cannot make the device node "/{path}": a user namespace may not make any', hint="build as root"
        ) from error


def _no_directory(path: str, entry: Entry) -> StagemillError:
    if entry.kind == "symlink":
        return StagemillError(
            f"cannot copy directory onto /{path}, which is a symbolic link to {entry.target}",
            hint=f"copy what is in the directory with an instruction of its own: the link is followed in `COPY … /{path}/`",
        )
    return StagemillError(f"cannot copy to non-directory: /{path}", hint="copy to another path, or remove it in a RUN")
