"""The files of a commit, fetched with as little history as the server allows, in a directory."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from stagemill.errors import SourceError, StoreError
from stagemill.graph import operations
from stagemill.sources.failure import is_final
from stagemill.sources.program import Git, GitFailure
from stagemill.store.removal import remove_tree

_HEAD = "refs/stagemill/head"
_ALL = ("+refs/heads/*:refs/stagemill/heads/*", "+refs/tags/*:refs/stagemill/tags/*")
_GIT_DIR = ".git"


def checkout(git: Git, op: operations.Git, into: Path) -> None:
    """The files are in the empty directory `into`, which is on the same disk as git's scratch directory.

    Raises GitFailure, SourceError, CancelledError, and StoreError where the disk is full.
    """
    tree = git.scratch / "tree"
    try:
        tree.mkdir()
        _prepare(git, op, tree)
        _fetch(git, op, tree)
        git.run("checkout", "-q", "--force", "--detach", op.commit, within=tree)
        if op.submodules and os.path.lexists(tree / ".gitmodules"):
            _submodules(git, tree)
        seconds = None if op.checkout_times else int(git.run("log", "-1", "--format=%ct", op.commit, within=tree))
        _tidy(tree, keep=op.keep_git_dir)
        top = _directory(tree, op)
        _finish(top, seconds)
        _move(top, into)
    except OSError as error:
        raise StoreError(f"cannot write a checkout: {error.strerror}", hint="make room on the store's disk") from error


def date(git: Git, op: operations.Git) -> int:
    """When the commit was made, in seconds since 1970; its files are left where they are if the server can do that.

    Raises GitFailure, SourceError, CancelledError, and StoreError where the disk is full.
    """
    place = git.scratch / "tree"
    try:
        place.mkdir()
    except OSError as error:
        raise StoreError(f"cannot write a commit: {error.strerror}", hint="make room on the store's disk") from error
    _prepare(git, op, place)
    _fetch(git, op, place, bare=True)
    return int(git.run("log", "-1", "--format=%ct", op.commit, within=place))


def _prepare(git: Git, op: operations.Git, tree: Path) -> None:
    """An empty repository whose origin is the remote: submodules may be named relative to it."""
    form = "sha256" if len(op.commit) == 64 else "sha1"
    git.run("init", "-q", "--template=", f"--object-format={form}", within=tree)
    git.run("config", "remote.origin.url", op.remote, within=tree)


def _fetch(git: Git, op: operations.Git, tree: Path, *, bare: bool = False) -> None:
    """Brings the commit. Not every server gives out single commits, and not every protocol a part of the history."""
    failure = GitFailure(f"it does not have the commit {op.commit}")
    without_files = ("--filter=tree:0", "--depth=1", "origin", op.commit)
    for arguments in (*([without_files] if bare else []), *_attempts(op)):
        try:
            git.run("fetch", "-q", "--no-tags", "--update-head-ok", *arguments, within=tree)
            git.run("cat-file", "-e", f"{op.commit}^{{commit}}", within=tree)
        except GitFailure as error:
            failure = error if arguments[0] != "cat-file" else failure
            if is_final(error):
                raise
            continue
        return
    message = f"{op.remote} does not have the commit {op.commit}: {failure.said}"
    raise SourceError(message, hint="it was removed meanwhile, or it is another repository's; build again")


def _attempts(op: operations.Git) -> Iterator[tuple[str, ...]]:
    commit = ("--depth=1", "--", op.remote, op.commit)
    if not op.ref:
        yield commit
    elif op.keep_git_dir:
        yield "--depth=1", "--", op.remote, f"+{op.ref}:{op.ref}"
        yield commit
    else:
        yield commit
        yield "--depth=1", "--", op.remote, f"+{op.ref}:{_HEAD}"
    yield "--", op.remote, *([f"+{op.ref}:{_HEAD}"] if op.ref else []), *_ALL


def _submodules(git: Git, tree: Path) -> None:
    update = ("submodule", "--quiet", "update", "--init", "--recursive")
    try:
        git.run(*update, "--depth=1", within=tree)
    except GitFailure as error:
        if is_final(error):
            raise
        git.run(*update, within=tree)


def _tidy(tree: Path, *, keep: bool) -> None:
    """Without what git keeps for itself: of the repository, and of submodules, whose files point into it."""
    if keep:
        with suppress(FileNotFoundError):
            (tree / _GIT_DIR / "FETCH_HEAD").unlink()
        return
    for folder, names, files in os.walk(tree):
        if _GIT_DIR in names or _GIT_DIR in files:
            remove_tree(os.path.join(folder, _GIT_DIR))
        names[:] = [name for name in names if name != _GIT_DIR]


def _directory(tree: Path, op: operations.Git) -> Path:
    """The directory that is meant. No symlink is followed to it: it would lead out of the repository."""
    found = tree
    for name in filter(None, op.subdir.split("/")):
        found /= name
        try:
            mode = os.lstat(found).st_mode
        except FileNotFoundError:
            mode = 0
        if not stat.S_ISDIR(mode):
            what = "is no directory" if mode else "does not exist"
            message = f"the directory {op.subdir!r} of {op.remote} {what}"
            raise SourceError(message, hint=f"name a directory that the commit {op.commit[:12]} has")
    return found


def _finish(top: Path, seconds: int | None) -> None:
    """Times that depend on the commit alone, and modes on no umask."""
    for folder, names, files in os.walk(top, topdown=False):
        for name in [*names, *files]:
            _stamp(os.path.join(folder, name), seconds)
    _stamp(os.fspath(top), seconds)


def _stamp(path: str, seconds: int | None) -> None:
    mode = os.lstat(path).st_mode
    if not stat.S_ISLNK(mode):
        os.chmod(path, 0o755 if stat.S_ISDIR(mode) or mode & 0o100 else 0o644)
    if seconds is not None:
        os.utime(path, (seconds, seconds), follow_symlinks=False)


def _move(top: Path, into: Path) -> None:
    status = top.stat()
    for name in sorted(os.listdir(top)):
        os.rename(top / name, into / name)
    os.utime(into, ns=(status.st_mtime_ns, status.st_mtime_ns))
