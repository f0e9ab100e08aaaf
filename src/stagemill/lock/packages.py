"""Lock files of languages: which packages an install brings, as far as a file of the context says so."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence

from stagemill.errors import Excerpt
from stagemill.files.view import FileView
from stagemill.lock import reading
from stagemill.lock.entries import LockedPackages
from stagemill.plan.planner import Plan
from stagemill.regex import regex
from stagemill.values import dataclass

NAMES = frozenset({
    "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock", "poetry.lock", "uv.lock", "Pipfile.lock",
    "go.sum", "Cargo.lock", "Gemfile.lock", "composer.lock",
})  # fmt: skip
_REQUIREMENTS = regex(r"requirements[\w.-]*\.txt")
_HASH = regex(rb"(?m)^[^#\n]*--hash[= ]")
_MOST_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class ReadPackages:
    """A lock file as it is now, and the instruction that reads it."""

    locked: LockedPackages
    at: Excerpt | None


def read(plans: Sequence[Plan], views: Mapping[str, FileView]) -> Iterator[ReadPackages]:
    """Those that the steps of these plans read, in the order of their paths."""
    for file in _candidates(plans, views):
        view = views[file.context]
        if posixpath.basename(file.path) in NAMES or _has_hashes(view, file.path):
            path = file.path.encode("utf-8", "backslashreplace").decode()  # a lock has no names that are no text
            yield ReadPackages(LockedPackages(path, view.digest(file.path), file.context), file.at)


def without_hashes(plans: Sequence[Plan], views: Mapping[str, FileView]) -> Iterator[reading.ReadFile]:
    """The requirements of pip that say no hashes, so that they lock nothing."""
    for file in _candidates(plans, views):
        if posixpath.basename(file.path) not in NAMES and not _has_hashes(views[file.context], file.path):
            yield file


def _candidates(plans: Sequence[Plan], views: Mapping[str, FileView]) -> Iterator[reading.ReadFile]:
    for file in reading.files(plans, views, named=(*NAMES, ".txt")):
        name = posixpath.basename(file.path)
        if name in NAMES or _REQUIREMENTS.fullmatch(name):
            yield file


def _has_hashes(view: FileView, path: str) -> bool:
    entry = view.lstat(path)
    if entry is None or entry.size > _MOST_BYTES:
        return False
    return _HASH.search(view.real_path(path).read_bytes()) is not None
