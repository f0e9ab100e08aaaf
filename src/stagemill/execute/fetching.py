"""What URLs name, as trees: a file of the store, or the files of a commit in a layer of their own."""

from __future__ import annotations

from pathlib import Path
from threading import Event

from stagemill.digest import Digest
from stagemill.execute.commit import commit
from stagemill.execute.services import Services
from stagemill.execute.tree import ContextFiles, Result, Tree
from stagemill.files.view import Entry
from stagemill.graph import operations
from stagemill.location import UNNAMED
from stagemill.values import dataclass

_ROOT = Entry("dir", 0o755, 0, 0, 0, 0)
_PRIVATE = 0o600


def fetch(op: operations.Http | operations.Git, services: Services, cancelled: Event) -> Result:
    """The file or the files, here. Raises SourceError, CorruptError and CancelledError."""
    if isinstance(op, operations.Http):
        return ContextFiles(FetchedFile(op, services.remotes.fetch(op)))
    with services.store.layers.workspace() as workspace:
        services.remotes.checkout(op, workspace.fs, stopped=cancelled.is_set)
        return commit(workspace, Tree(), clock=services.clock)


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """A FileView of a root with one file in it."""

    op: operations.Http
    place: Path

    def lstat(self, path: str) -> Entry | None:
        if path == "":
            return _ROOT
        if path != (self.op.name or UNNAMED):
            return None
        return Entry("file", _PRIVATE, 0, 0, self.place.stat().st_size, self.op.mtime * 10**9)

    def listdir(self, path: str) -> list[str]:
        return [] if path else [self.op.name or UNNAMED]

    def digest(self, path: str) -> Digest:
        assert path, "the root has no digest"
        return self.op.content

    def real_path(self, path: str) -> Path:
        assert path, "the root lies nowhere"
        return self.place
