"""`Split` and `Merged`: the trees of several platforms as one tree, in a directory each, or all in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from stagemill.digest import Digest
from stagemill.errors import StagemillError
from stagemill.files.view import Entry, FileView
from stagemill.files.walk import walk
from stagemill.oci.platform import Platform
from stagemill.values import dataclass

_TOP = Entry("dir", 0o755, 0, 0, 0, 0)


def folder(platform: Platform) -> str:
    """The directory of a platform, as BuildKit names it: `linux_arm64`."""
    return platform.full.replace("/", "_")


@dataclass(frozen=True, slots=True)
class Split:
    """Each tree in a directory, by its name."""

    views: Mapping[str, FileView]

    def lstat(self, path: str) -> Entry | None:
        if not path:
            return _TOP
        name, _, rest = path.partition("/")
        return _apart(self.views[name].lstat(rest), name) if name in self.views else None

    def listdir(self, path: str) -> list[str]:
        if not path:
            return sorted(self.views)
        name, _, rest = path.partition("/")
        return self.views[name].listdir(rest) if name in self.views else []

    def digest(self, path: str) -> Digest:
        name, _, rest = path.partition("/")
        return self.views[name].digest(rest)

    def real_path(self, path: str) -> Path:
        name, _, rest = path.partition("/")
        return self.views[name].real_path(rest)


@dataclass(frozen=True, slots=True)
class Merged:
    """All trees in one place; of a directory that several have, the first one's mode and owner count."""

    views: Mapping[str, FileView]

    @classmethod
    def of(cls, views: Mapping[str, FileView]) -> Merged:
        """Raises StagemillError where one would overwrite another's file."""
        seen: dict[str, tuple[str, bool]] = {}
        for name, view in views.items():
            for path, entry in walk(view):
                is_directory = entry.kind == "dir"
                other, was_directory = seen.setdefault(path, (name, is_directory))
                if other != name and not (is_directory and was_directory):
                    raise StagemillError(
                        f"cannot overwrite {path} of {other} with that of {name} where platforms are not split",
                        hint="leave out platform-split=false, or give the files names of their own with $TARGETPLATFORM",
                    )
        return cls(views)

    def lstat(self, path: str) -> Entry | None:
        found = ((name, entry) for name, view in self.views.items() if (entry := view.lstat(path)))
        return next((_apart(entry, name) for name, entry in found), None)

    def listdir(self, path: str) -> list[str]:
        return sorted({name for view in self.views.values() for name in view.listdir(path)})

    def digest(self, path: str) -> Digest:
        return self._of(path).digest(path)

    def real_path(self, path: str) -> Path:
        return self._of(path).real_path(path)

    def _of(self, path: str) -> FileView:
        return next(view for view in self.views.values() if view.lstat(path))


def _apart(entry: Entry | None, name: str) -> Entry | None:
    """One inode in two trees is two files."""
    return replace(entry, node=(name, entry.node)) if entry and entry.node is not None else entry
