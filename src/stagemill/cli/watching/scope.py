"""`Scope`: which files a build is made of, whose changes count, and which are its own."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from stagemill.context import load
from stagemill.context.ignore import IgnoreRules
from stagemill.errors import ContextError
from stagemill.values import dataclass

_DRAFT = re.compile(r"\.(.+)\.[0-9a-f]{8}")
"""What `results.exports.replacing` calls a file that is not whole yet."""

_EDITORS = re.compile(r".+~|\.#.+|\..+\.sw[a-z]|4913|.+___jb_(tmp|old)___")
"""What Emacs, Vim and IntelliJ put beside a file that they have open or save."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A directory that a build reads, without links in its name, and the rules for what it leaves out."""

    root: str
    rules: IgnoreRules | None

    def keeps(self, path: str) -> bool:
        """Whether a build sees what lies at a path below the root, or something below that."""
        inner = os.path.relpath(path, self.root)
        if inner == "." or self.rules is None:
            return True
        return not self.rules.excluded(inner) or self.rules.may_reinclude_below(inner)

    def folders(self) -> Iterator[str]:
        """The directories that a build looks into, the root first; links are not followed."""
        waiting = [self.root] if os.path.isdir(self.root) else []
        while waiting:
            folder = waiting.pop()
            yield folder
            try:
                with os.scandir(folder) as listing:
                    below = [item.path for item in listing if item.is_dir(follow_symlinks=False)]
            except OSError:
                continue  # it has just gone, or may not be read: the build says so
            waiting += filter(self.keeps, below)


@dataclass(frozen=True, slots=True)
class Scope:
    """All that counts: `trees` with what lies in them, and single `files`; less `own`, which the build itself writes."""

    trees: tuple[Watched, ...]
    files: frozenset[str]
    own: frozenset[str]

    def folders(self) -> list[str]:
        """The directories to watch, each by itself: those of the trees, and those that the trees and the files lie in."""
        found = {folder for tree in self.trees for folder in tree.folders() if not self.is_own(folder)}
        around = (*(tree.root for tree in self.trees), *self.files)
        return sorted(found.union(map(_standing, map(os.path.dirname, around))))

    def counts(self, path: str) -> bool:
        """Whether the build may have another result once this path has changed."""
        if self.is_own(path):
            return False
        if path in self.files or any(_is_in(tree.root, path) for tree in self.trees):
            return True  # a directory has come, or gone, that a tree lies in
        if _EDITORS.fullmatch(os.path.basename(path)):
            return False
        return any(_is_in(path, tree.root) and tree.keeps(path) for tree in self.trees)

    def is_own(self, path: str) -> bool:
        """Whether the build writes it."""
        draft = _DRAFT.fullmatch(os.path.basename(path))
        if draft and os.path.join(os.path.dirname(path), draft[1]) in self.own:
            return True
        return any(_is_in(path, own) for own in self.own)


def scope(
    context: str,
    file: Path | None,
    *,
    ignore_file: str | None = None,
    named: Iterable[Path] = (),
    files: Iterable[str] = (),
    own: Iterable[str] = (),
) -> Scope:
    """What a build of the directory `context` is made of; `file` is the Dockerfile that was named, from the working directory."""
    folder = Path(context)
    dockerfile = load.place(folder, given=file) or file
    places = [dockerfile] if dockerfile else [folder / name for name in load.NAMES]
    ignores = [Path(ignore_file)] if ignore_file else load.ignore_files(folder, dockerfile)
    below = [path for path in named if path.is_dir()]
    more = [path for each in below for path in load.ignore_files(each, None)]
    trees = [Watched(os.path.realpath(folder), _rules(folder, dockerfile, ignore_file))]
    trees += [Watched(os.path.realpath(each), _rules(each, None, None)) for each in below]
    return Scope(
        tuple(trees),
        frozenset(name for path in (*places, *ignores, *more, *files) for name in _names(os.fspath(path))),
        frozenset(map(os.path.realpath, own)),
    )


def _rules(folder: Path, dockerfile: Path | None, ignore_file: str | None) -> IgnoreRules | None:
    """None where there are none, or where they cannot be read: then everything counts until they can."""
    try:
        found = load.rules_of(Path(ignore_file)) if ignore_file else load.ignore_rules(folder, dockerfile=dockerfile)
    except ContextError:
        return None
    return found.rules if found else None


def _names(path: str) -> Iterator[str]:
    """Where a file is, and, if that is a link, where it leads."""
    yield os.path.join(os.path.realpath(os.path.dirname(path) or "."), os.path.basename(path))
    yield os.path.realpath(path)


def _standing(folder: str) -> str:
    """The directory, or the nearest above it that there is."""
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return folder


def _is_in(path: str, directory: str) -> bool:
    return path == directory or path.startswith(f"{directory.rstrip('/')}/")
