"""`Placement` puts the members of an archive into a directory, and nothing outside of it.

Every name is walked from the directory's root, component by component: a symlink on the way leads where it points inside
the root, as it would in a container, and `..` stops there. The metadata of directories are set last, when nothing more is
put into them.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from stagemill.digest import Digest
from stagemill.errors import ArchiveError
from stagemill.files.paths import clean, join
from stagemill.files.view import Entry
from stagemill.layer import attributes, disk
from stagemill.layer.index import IndexEntry, LayerIndex
from stagemill.layer.stream import CHUNK

Read: TypeAlias = Callable[[int], bytes]
Implied: TypeAlias = Callable[[str], Entry]

_MAX_LINKS = 255
_IMPLIED = Entry(kind="dir", mode=0o755, uid=0, gid=0, size=0, mtime_ns=0)


def default_directory(_path: str) -> Entry:
    """What a directory is like that an archive implies and does not describe."""
    return _IMPLIED


class Placement:
    """Members become files below `root`, an empty directory. `implied` describes directories that have no member.

    Raises ArchiveError for what cannot be placed, and OSError.
    """

    def __init__(self, root: Path, *, implied: Implied = default_directory) -> None:
        self._root = os.fspath(root)
        self._implied = implied
        self._placed: dict[str, IndexEntry] = {"": IndexEntry("", _IMPLIED)}
        self._undescribed = {""}
        self._links = 0

    @property
    def placed(self) -> Mapping[str, IndexEntry]:
        """What has been placed so far, by path."""
        return self._placed

    def location(self, path: str) -> str:
        return f"{self._root}/{path}"

    def path_of(self, name: str) -> str:
        """The path at which a name lies: symlinks above it are followed, and directories above it made."""
        directory, _, last = clean(name).rpartition("/")
        return join(self.directory(directory), last)

    def directory(self, path: str) -> str:
        """Where a directory really lies, which is made if it is missing."""
        item = self._placed.get(path)
        if item and item.entry.kind == "dir":
            return path
        found = self._walk(path, make=True)
        assert found is not None
        return found

    def find(self, name: str) -> str | None:
        """The path of what has been placed at a name, or None."""
        path = clean(name)
        if path not in self._placed:
            above, _, last = path.rpartition("/")
            directory = self._walk(above, make=False)
            path = join(directory or "", last)
            if directory is None or path not in self._placed:
                return None
        return None if self._placed[path].whiteout else path

    def put(self, path: str, entry: Entry, read: Read) -> None:
        """Places an entry, whose content is read if it is a file, in place of what was there."""
        existing = self._placed.get(path)
        if entry.kind == "dir":
            self._put_directory(path, entry, existing)
            self._undescribed.discard(path)
            return
        if not path:
            raise ArchiveError(f"the archive makes a {entry.kind} of the root directory")
        if existing:
            self.remove(path)
        location = self.location(path)
        digest = None
        if entry.kind == "file":
            digest, entry = self._write(location, entry, read)
        else:
            entry = self._make(location, entry)
        self._placed[path] = IndexEntry(path, entry, digest)

    def link(self, path: str, target: str) -> None:
        """Makes `path` a hard link of a path that has been placed."""
        if path == target:
            return
        original = self._placed[target]
        if original.entry.kind == "dir":
            raise ArchiveError(f"the archive has the hard link {path!r} to the directory {target!r}")
        if path in self._placed:
            self.remove(path)
        os.link(self.location(target), self.location(path), follow_symlinks=False)
        if original.entry.node is None:
            self._links += 1
            original = replace(original, entry=replace(original.entry, node=self._links))
            self._placed[target] = original
        self._placed[path] = replace(original, path=path)

    def hide(self, path: str) -> None:
        """Makes a whiteout; what this archive itself places at the path stays and hides what is below it."""
        existing = self._placed.get(path)
        if existing is None:
            disk.make_whiteout(self.location(path))
            self._placed[path] = IndexEntry(path, disk.WHITEOUT, whiteout=True)
        elif existing.entry.kind == "dir":
            self.hide_below(path)

    def hide_below(self, path: str) -> None:
        """Makes a directory opaque."""
        disk.make_opaque(self.location(path))
        self._placed[path] = replace(self._placed[path], opaque=True)

    def remove(self, path: str) -> None:
        """Takes away what was placed at a path, and all below it."""
        kind = self._placed.pop(path).entry.kind
        if kind != "dir":
            os.unlink(self.location(path))
        else:
            import shutil  # noqa: PLC0415  little is taken away again

            shutil.rmtree(self.location(path))
            for below in [other for other in self._placed if other.startswith(f"{path}/")]:
                del self._placed[below]

    def finish(self) -> LayerIndex:
        """Gives directories their metadata. Nothing may be placed afterwards.

        Only now is it asked what implied directories are like, since the answer may have to be waited for.
        """
        for path, item in self._placed.items():
            if item.entry.kind == "dir":
                wanted = self._implied(path) if path in self._undescribed else item.entry
                self._placed[path] = replace(item, entry=attributes.apply(self.location(path), wanted))
        return LayerIndex(self._placed.values())

    def _put_directory(self, path: str, entry: Entry, existing: IndexEntry | None) -> None:
        if existing and existing.entry.kind == "dir":
            self._placed[path] = replace(existing, entry=entry)
            return
        if existing:
            self.remove(path)
        os.mkdir(self.location(path), 0o700)
        self._placed[path] = IndexEntry(path, entry)
        if existing and existing.whiteout:
            self.hide_below(path)

    def _write(self, location: str, entry: Entry, read: Read) -> tuple[Digest, Entry]:
        sha256 = hashlib.sha256()
        descriptor = os.open(location, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            while data := read(CHUNK):
                sha256.update(data)
                written = os.write(descriptor, data)
                while written < len(data):
                    written += os.write(descriptor, data[written:])
            return Digest.from_hex(sha256.hexdigest()), attributes.apply(descriptor, entry)
        finally:
            os.close(descriptor)

    @staticmethod
    def _make(location: str, entry: Entry) -> Entry:
        match entry.kind:
            case "symlink":
                os.symlink(entry.target, location)
            case "fifo":
                os.mkfifo(location, 0o600)
            case "char" | "block":
                device = stat.S_IFCHR if entry.kind == "char" else stat.S_IFBLK
                os.mknod(location, device | 0o600, os.makedev(*entry.device))
            case _:
                raise AssertionError(f"no archive has a member of kind {entry.kind}")
        return attributes.apply(location, entry)

    def _walk(self, path: str, *, make: bool) -> str | None:
        """Where a directory really lies; a missing one is made, or is None."""
        pending, found, links = path.split("/")[::-1], "", 0
        while pending:
            name = pending.pop()
            if name in {"", ".", ".."}:
                found = found.rpartition("/")[0] if name == ".." else found
                continue
            place = join(found, name)
            item = self._placed.get(place)
            if item and item.entry.kind == "symlink":
                links += 1
                if links > _MAX_LINKS:
                    raise ArchiveError(f"the archive's symlinks above {path!r} go in a circle")
                found = "" if item.entry.target.startswith("/") else found
                pending += item.entry.target.split("/")[::-1]
                continue
            if not self._enter(place, item, make=make):
                return None
            found = place
        return found

    def _enter(self, place: str, item: IndexEntry | None, *, make: bool) -> bool:
        """Whether there is a directory now."""
        if item and item.entry.kind == "dir":
            return True
        if item and not item.whiteout and make:
            raise ArchiveError(f"the archive has a path below {place!r}, which is a {item.entry.kind}")
        if make:
            self._put_directory(place, _IMPLIED, item)
            self._undescribed.add(place)
        return make
