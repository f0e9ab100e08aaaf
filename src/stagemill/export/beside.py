"""`Beside`: a tree with more files at its top, which are not of the tree: statements about it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from stagemill.digest import Digest
from stagemill.errors import StagemillError
from stagemill.files.view import Entry, FileView
from stagemill.values import dataclass

_MODE = 0o600


def of_platform(name: str, folder: str) -> str:
    """The name of a statement's file, with a platform before its ending; as it is where there is none.

    Source: BuildKit, exporter/local: `provenance.linux_amd64.json`.
    """
    stem, dot, ending = name.rpartition(".")
    if not folder:
        return name
    return f"{stem}.{folder}{dot}{ending}" if stem else f"{name}.{folder}"


@dataclass(frozen=True, slots=True)
class Beside:
    """Another view's files, and `files` of this machine by the names that they have here, changed at `seconds` since 1970."""

    view: FileView
    files: Mapping[str, Path]
    seconds: int

    @classmethod
    def of(cls, view: FileView, files: Mapping[str, Path], seconds: float) -> Beside:
        """Raises StagemillError where the tree has a file of one of the names."""
        for name in files:
            if view.lstat(name):
                hint = "give the statement another name with filename=, or all of them attestation-prefix= in --output"
                raise StagemillError(f"the result has a {name} of its own, where a statement is to be", hint=hint)
        return cls(view, files, int(seconds))

    def lstat(self, path: str) -> Entry | None:
        if path not in self.files:
            return self.view.lstat(path)
        size = self.files[path].stat().st_size
        return Entry("file", _MODE, 0, 0, size, self.seconds * 10**9)

    def listdir(self, path: str) -> list[str]:
        names = self.view.listdir(path)
        return names if path else sorted({*names, *self.files})

    def digest(self, path: str) -> Digest:
        return Digest.of(self.files[path].read_bytes()) if path in self.files else self.view.digest(path)

    def real_path(self, path: str) -> Path:
        return self.files[path] if path in self.files else self.view.real_path(path)
