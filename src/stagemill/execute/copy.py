"""COPY and ADD: files from a source into a new layer on top of the parent's tree.

Source: tonistiigi/fsutil, copy/copy.go, and BuildKit's file operations, which give the instruction its meaning. Unlike
there, what the copy itself makes has the time 0, and several files need a directory to go to.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Sequence
from dataclasses import field, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from stagemill.digest import Digest
from stagemill.errors import ArchiveError, StagemillError
from stagemill.execute import chmod, ownership, transfer
from stagemill.execute.chmod import Mode
from stagemill.execute.draft import Draft, explained
from stagemill.execute.ownership import Owner
from stagemill.execute.soon import Sent
from stagemill.files.crew import Crew
from stagemill.files.near import LATE_FLAG, is_late_flag
from stagemill.files.paths import clean, join, resolve, split
from stagemill.files.select import Match, matches, walked
from stagemill.files.view import Entry, FileView
from stagemill.graph import operations
from stagemill.graph.vertex import Selection
from stagemill.layer import disk
from stagemill.layer.hashed import Hashed
from stagemill.layer.index import IndexEntry, Known, build
from stagemill.layer.stack import StackView
from stagemill.values import dataclass

_EVERYTHING = operations.Origin(("",))


class Find(Protocol):
    """The directory of another layer that has a file at this very path, which is as it is to be and has no second name; empty
    where nobody knows one.
    """

    def __call__(self, path: str, entry: Entry, digest: Digest, /) -> str: ...


def unknown(_path: str, _entry: Entry, _digest: Digest, /) -> str:
    """Nobody knows one."""
    return ""


class Extract(Protocol):
    """Unpacks an archive into an empty directory; False where the file is none. `implied` describes directories that
    have no member of their own.
    """

    def __call__(self, archive: Path, into: Path, /, *, implied: Callable[[str], Entry]) -> bool: ...


@dataclass(frozen=True, slots=True)
class Files:
    """A tree to copy from; `fixed` says that its files never change. `root` is set where all of them lie below one
    directory of this machine, at their own paths; there a `crew` may copy them.
    """

    view: FileView
    fixed: bool = False
    root: str = ""
    crew: Crew | None = None


def copy(
    op: operations.Copy,
    parent: FileView,
    source: FileView | None,
    *,
    into: Path,
    link: bool,
    extract: Extract,
    names: FileView | None = None,
) -> Known:
    """The same as `copy_all`, from at most one tree; `link` says that its files never change."""
    return copy_all(op, parent, [Files(source, link)] if source else [], into=into, extract=extract, names=names)


def copy_all(
    op: operations.Copy,
    parent: FileView,
    sources: Sequence[Files],
    *,
    into: Path,
    extract: Extract,
    names: FileView | None = None,
    find: Find = unknown,
    hashed: Hashed | None = None,
) -> Known:
    """Writes the layer of a COPY or ADD into the empty directory `into`; what is known of its files.

    `sources` are the inputs after the parent. Fixed files may become hard links, and their digests are believed; others
    are linked from where `find` has them, or hashed as they are copied, and ContextError says that one is not what it was
    when the key was made. An archive is unpacked beside `into`, on the same file system. Names of owners are looked up in
    `names`, or else in the parent. `hashed` notes large files that were. Raises StagemillError.
    """
    try:
        with next((files.crew for files in sources if files.crew), Crew(0)).hired() as hands:
            draft = Draft(parent, into, hands=hands, hashed=hashed)
            owner = ownership.find(op.owner, names or parent, flag="--chown") if op.owner else None
            job = _Copying(op, draft, into, owner=owner, mode=chmod.parse(op.mode), extract=extract, find=find)
            origins = op.origins or (operations.Origin(op.sources, op.unpack),) * len(sources)
            job.run([_Source(files, origin) for files, origin in zip(sources, origins, strict=True)])
            draft.finish()
    except OSError as error:
        raise explained(error, into) from error
    return draft.known


@dataclass(frozen=True, slots=True)
class _Source:
    """Where files come from, and which ones. `implied` holds the directories that an archive has no member for, None without an archive.

    `nodes` tells, for a file that may have several names, which of them came first, where it was copied to, and as what.
    """

    files: Files
    origin: operations.Origin = _EVERYTHING
    implied: set[str] | None = None
    nodes: dict[Hashable, tuple[str, str, Entry]] = field(default_factory=dict)

    @property
    def view(self) -> FileView:
        return self.files.view

    @property
    def fixed(self) -> bool:
        return self.files.fixed

    def place(self, path: str) -> str:
        """Where a path lies on this machine."""
        return f"{self.files.root}/{path}" if self.files.root else os.fspath(self.files.view.real_path(path))


class _Copying:
    def __init__(
        self,
        op: operations.Copy,
        draft: Draft,
        into: Path,
        *,
        owner: Owner | None,
        mode: Mode,
        extract: Extract,
        find: Find,
    ) -> None:
        self._op = op
        self._draft = draft
        self._into = into
        self._owner = owner
        self._mode = mode
        self._as_it_is = mode == Mode() and not op.keep_owner
        self._extract = extract
        self._find = find
        self._linked: set[tuple[int, int]] = set()
        # Of files with one name in the only source, which no other path can share, the path will do.
        self._taken: set[str] = set()
        self._single = False
        self._fault: StagemillError | None = None
        made = owner or Owner()
        self._new = Entry("dir", mode.of_new_directories, made.uid, made.gid, 0, 0)

    def run(self, sources: Sequence[_Source]) -> None:
        op = self._op
        self._single = len(sources) == 1
        found = [
            (source, matches(source.view, Selection(source.origin.sources, op.excludes, op.parents)))
            for source in sources
        ]
        self._fault = self._no_place_for_files(sum(len(some) for _, some in found) + len(op.files))
        for source, some in found:
            for match in some:
                self._copy(source, match)
        for file in op.files:
            self._inline(file)

    def _no_place_for_files(self, count: int) -> StagemillError | None:
        """Several files need a directory to go to; the contents of directories and archives may make one."""
        path, folder = self._destination()
        if count < 2 or folder:
            return None
        fault = "is not a directory" if self._draft.lstat(path) else "does not exist"
        where = self._op.destination
        hint = f"write {where}/ to make it a directory"
        if is_late_flag(split(path)[1]):
            hint = LATE_FLAG
        elif self._draft.lstat(path):
            hint = "copy to another path, which ends in /"
        return StagemillError(f"cannot copy {count} sources to {where}, which {fault}", hint=hint)

    def _destination(self) -> tuple[str, bool]:
        """Where the copy goes, and whether that is a directory to put files into."""
        path = resolve(self._draft, clean(self._op.destination))
        return path, self._op.destination.endswith("/") or self._draft.is_directory(path)

    def _copy(self, source: _Source, match: Match) -> None:
        entry = source.view.lstat(match.path)
        assert entry, "a match exists"
        path, folder = self._destination()
        if entry.kind == "dir":
            self._tree(source, match, path)
        elif not (source.origin.unpack and entry.kind == "file" and self._unpack(source, match.path, path)):
            self._place(source, match.path, self._file_target(path, match.name, folder=folder), entry)

    def _file_target(self, path: str, name: str, *, folder: bool) -> str:
        if self._fault:
            raise self._fault
        target = join(path, name) if folder else path
        self._draft.make_directories(split(target)[0], self._new)
        return target

    def _tree(self, source: _Source, match: Match, destination: str) -> None:
        """What is in a directory; the directory itself gives the destination neither mode nor owner (traps 1)."""
        new = self._new if source.implied is None else replace(self._new, mode=0o755)
        self._draft.make_directories(destination, new)
        places = {match.path: destination}
        for path, below, entry in walked(source.view, match):
            if not below:
                continue
            above, _, name = path.rpartition("/")
            into = places[above]
            target = f"{into}/{name}" if into else name
            along = match.only is not None and not match.only.keeps(below)
            if along and self._comes_along(target, entry):
                places[path] = target
            elif entry.kind == "dir":
                places[path] = self._directory(source, path, target, entry)
            else:
                self._place(source, path, target, entry)

    def _comes_along(self, target: str, entry: Entry) -> bool:
        """A directory that is copied only for what is in it gives an existing one its mode, and nothing else."""
        existing = self._draft.lstat(target)
        if existing is None or existing.kind != "dir":
            return False
        self._draft.put_directory(target, replace(existing, mode=entry.mode))
        return True

    def _place(self, source: _Source, path: str, target: str, entry: Entry) -> None:
        """Puts one path of the source, which is no directory, at its target."""
        self._draft.clear(target, replacing=source.implied is not None)
        nobody = (path, "", entry)
        name, first, written = source.nodes.get(entry.node, nobody) if entry.node is not None else nobody
        # The same name twice makes two files: whether a file has more of them may depend on what else was built.
        if name != path and self._draft.holds(first, written):
            self._draft.link(target, first)
            return
        wanted = self._dressed(entry, archived=source.implied is not None)
        if entry.kind == "file":
            self._file(source, path, target, (entry, wanted))
        elif entry.kind == "socket" and not source.fixed:
            wanted = replace(wanted, kind="file")
            self._draft.put_file(target, wanted, _nothing, digest=Digest.of(b""))
        else:
            self._draft.put_special(target, wanted)
        if entry.node is not None:
            source.nodes[entry.node] = path, target, wanted

    def _directory(self, source: _Source, path: str, target: str, entry: Entry) -> str:
        """Puts a directory at its target; where it is then, which differs below a followed symlink."""
        if source.implied is not None and path in source.implied:
            existing = self._draft.lstat(target)  # what is above it is resolved already
            real = resolve(self._draft, target) if existing and existing.kind == "symlink" else target
            if self._draft.is_directory(real):
                self._draft.make_directories(real, self._new)
                return real
        wanted = self._dressed(entry, archived=source.implied is not None)
        self._draft.put_directory(target, wanted, replacing=source.implied is not None)
        return target

    def _file(self, source: _Source, path: str, target: str, entries: tuple[Entry, Entry]) -> None:
        entry, wanted = entries
        digest = source.view.digest(path)
        if source.fixed:
            shared = self._may_share(source) and wanted == entry and self._link(source, path, target, (entry, digest))
            if not shared:
                copy = partial(transfer.copy_fixed, source.place(path), size=entry.size)
                self._draft.put_file(target, wanted, copy, digest=digest)
            return
        root, name = (source.files.root, path) if source.files.root else ("", source.place(path)[1:])
        twin = self._twin(target, wanted, digest)
        self._draft.put_soon(Sent(root, name, target, wanted, digest, path, twin))

    def _link(self, source: _Source, path: str, target: str, facts: tuple[Entry, Digest]) -> bool:
        """Makes a file of a layer one of this layer too, if it can be."""
        entry, digest = facts
        real = source.place(path)
        if entry.node is None and self._single:
            first = path not in self._taken
            self._taken.add(path)
        else:
            first = self._is_first(real)
        known = IndexEntry(target, entry if entry.node is None else replace(entry, node=None), digest)
        return first and self._draft.adopt(target, entry, real, known=known)

    def _twin(self, target: str, wanted: Entry, digest: Digest) -> str:
        """Where the same is that this step made the last time. No two files of one layer are the same there, as none of those
        that are found has a second name.
        """
        found = self._find(target, wanted, digest)
        return found if found and (not self._linked or self._is_first(f"{found}/{target}")) else ""

    def _may_share(self, source: _Source) -> bool:
        """A RUN sees how many names a file has (`ls -l`, cpio). Of what is unpacked one name goes when this is over."""
        return not self._op.still or source.implied is not None

    def _is_first(self, real: str) -> bool:
        """Whether a file on disk is not in this layer yet: files that share it only because an earlier copy linked them
        must not become hard links of each other.
        """
        status = os.lstat(real)
        node = (status.st_dev, status.st_ino)
        if node in self._linked:
            return False
        self._linked.add(node)
        return True

    def _dressed(self, entry: Entry, *, archived: bool) -> Entry:
        """The entry with the owner and mode that the instruction wants."""
        owner = self._owner
        if owner is None and self._as_it_is and not archived:
            return entry if (entry.uid, entry.gid) == (0, 0) else replace(entry, uid=0, gid=0)
        if owner is None:
            owner = Owner(entry.uid, entry.gid) if archived or self._op.keep_owner else Owner()
        mode = entry.mode
        if not archived and entry.kind != "symlink":
            mode = self._mode.apply(mode, directory=entry.kind == "dir")
        if (entry.uid, entry.gid, entry.mode) == (owner.uid, owner.gid, mode):
            return entry
        return replace(entry, uid=owner.uid, gid=owner.gid, mode=mode)

    def _inline(self, file: operations.InlineFile) -> None:
        data = file.content.encode("utf-8", "surrogateescape")
        path, folder = self._destination()
        target = self._file_target(path, file.name, folder=folder)
        self._draft.clear(target)
        entry = self._dressed(Entry("file", 0o644, 0, 0, len(data), 0), archived=False)
        self._draft.put_file(target, entry, lambda descriptor: transfer.write(descriptor, data), digest=Digest.of(data))

    def _unpack(self, source: _Source, path: str, destination: str) -> bool:
        """Puts what is in an archive into the destination, a directory; False where the file is no archive."""
        import shutil  # noqa: PLC0415  few builds unpack archives
        import tempfile  # noqa: PLC0415

        real = Path(source.place(path))
        scratch = tempfile.mkdtemp(prefix="archive-", dir=self._into.parent)
        implied: set[str] = set()

        def describe(member: str) -> Entry:
            implied.add(member)
            return replace(self._new, mode=0o755)

        try:
            try:
                if not self._extract(real, Path(scratch), implied=describe):
                    return False
            except ArchiveError as error:
                raise ArchiveError(f'"/{path}": {error.message}', hint=error.hint) from error
            if not source.fixed and disk.file_digest(os.fspath(real)) != source.view.digest(path):
                raise transfer.changed(path)
            index = build(Path(scratch))
            unpacked = StackView([(Path(scratch), lambda: index)])
            self._tree(_Source(Files(unpacked, fixed=True), implied=implied), Match("", ""), destination)
        finally:
            shutil.rmtree(scratch)
        return True


def _nothing(_descriptor: int) -> None:
    pass
