"""COPY, ADD and WORKDIR as steps: the layer that they write becomes one of the store."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Event

from stagemill.context.directory import DirectoryContext
from stagemill.execute.commit import commit
from stagemill.execute.copy import Files, copy_all, unknown
from stagemill.execute.earlier import Earlier
from stagemill.execute.forms import Forms
from stagemill.execute.glimpse import Glimpses
from stagemill.execute.make_directory import make_directory
from stagemill.execute.progress import Progress
from stagemill.execute.services import Services
from stagemill.execute.tree import ContextFiles, Result, Tree
from stagemill.files.view import FileView
from stagemill.graph import operations
from stagemill.layer.stack import StackView
from stagemill.layer.unpack import extract
from stagemill.timings import measured
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Copier:
    """Writes layers without mounting anything."""

    services: Services
    forms: Forms
    progress: Progress
    cancelled: Event
    glimpses: Glimpses | None = None

    @measured("copy")
    def copy(self, op: operations.Copy, parent: Tree, sources: Sequence[Result], *, name: str) -> Tree:
        """The parent's tree with the files on top. Files of layers are linked, files of a context are copied, or linked
        from what the step of this name made the last time.
        """
        below = self._view(parent)
        named = sources[-1] if op.named_owner else None
        names = self._view(named) if isinstance(named, Tree) else None
        origins = [
            _of_context(source, op) if isinstance(source, ContextFiles) else Files(self._source(source), fixed=True)
            for source in (sources[:-1] if op.named_owner else sources)
        ]
        with self.services.store.layers.workspace() as workspace:
            known = copy_all(
                op,
                below,
                origins,
                into=workspace.fs,
                extract=extract,
                names=names,
                find=Earlier(name, self.forms).find if self.forms.linking and not op.still else unknown,
                hashed=self.forms.hashed,
            )
            return commit(workspace, parent, clock=self.services.clock, known=known, keep=self.forms.indexes.keep)

    @measured("copy")
    def make_directory(self, op: operations.MakeDirectory, parent: Tree) -> Tree:
        below = self._view(parent)
        with self.services.store.layers.workspace() as workspace:
            known = make_directory(op, below, into=workspace.fs)
            return commit(workspace, parent, clock=self.services.clock, known=known)

    def _source(self, tree: Tree) -> FileView:
        """As whoever made the step's key has seen it."""
        return (self.glimpses and self.glimpses.known(tree)) or self._view(tree)

    def _view(self, tree: Tree) -> StackView:
        return self.forms.view(tree, progress=self.progress, cancelled=self.cancelled)


def _of_context(source: ContextFiles, op: operations.Copy) -> Files:
    root, crew = "", None
    if isinstance(source.view, DirectoryContext):
        root, crew = source.view.root, source.view.crew
    if not op.still:
        return Files(source.view, root=root, crew=crew)
    from stagemill.export.dated import Dated  # noqa: PLC0415  few builds are to be the same to the byte

    return Files(Dated(source.view, operations.STILL), root=root, crew=crew)
