"""`Selected`: the files that a COPY selected of a stage or an image, as long as the store has what that was."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from stagemill.digest import Digest
from stagemill.errors import NotFoundError, StagemillError
from stagemill.execute import base
from stagemill.execute.tree import Tree, Trees
from stagemill.files.content import brief
from stagemill.graph.vertex import Selection
from stagemill.insight.why.past import PastStep
from stagemill.oci.blobs import BlobSource
from stagemill.store.store import Store

if TYPE_CHECKING:  # a build in which nothing ran looks at no tree
    from stagemill.execute.forms import Forms


class Selected:
    """Reads trees that are here, and fetches nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._trees = Trees()

    def __call__(self, step: PastStep, selection: Selection, key: str) -> dict[str, str] | None:
        """The brief facts by path, if they are what a key was made of: a step that is not pure gives something else each time."""
        from stagemill.files.content import content

        with suppress(StagemillError, OSError, ValueError):
            tree = self._tree(step)
            if tree is not None and self._forms.here(tree):
                found = content(self._forms.view(tree), selection, owners=True)
                if found.digest == key:
                    return {path: brief(facts) for path, facts in found.each_part()}
        return None

    def _tree(self, step: PastStep) -> Tree | None:
        """Raises CorruptError, NotFoundError or ValueError where it cannot be read."""
        if step.kind == "base":
            return base.tree(self._store, Digest(str(step.op.get("manifest", ""))))
        record = self._store.records.get(Digest(step.digest))
        return self._trees.parse(record.result) if record else None

    @cached_property
    def _forms(self) -> Forms:
        from stagemill.execute.forms import Forms

        return Forms(self._store, remote=_none)


def _none(reference: str) -> BlobSource:
    raise NotFoundError(f"nothing is fetched of {reference}")
