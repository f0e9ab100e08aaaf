"""`Dated`: a tree in which every time is the same, for files that are written out under SOURCE_DATE_EPOCH."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from stagemill.digest import Digest
from stagemill.files.view import Entry, FileView
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Dated:
    """Another view's files, all of them changed at `seconds` since the epoch."""

    view: FileView
    seconds: int

    def lstat(self, path: str) -> Entry | None:
        entry = self.view.lstat(path)
        return replace(entry, mtime_ns=self.seconds * 10**9) if entry else None

    def listdir(self, path: str) -> list[str]:
        return self.view.listdir(path)

    def digest(self, path: str) -> Digest:
        return self.view.digest(path)

    def real_path(self, path: str) -> Path:
        return self.view.real_path(path)
