"""`Earlier`: what a step made the last time. A file that it would make again, byte for byte, is linked from there."""

from __future__ import annotations

import os

from stagemill.digest import Digest
from stagemill.errors import StagemillError
from stagemill.execute.forms import Forms
from stagemill.execute.tree import Trees
from stagemill.files.view import Entry
from stagemill.layer.index import VERSION, IndexEntry, row
from stagemill.layer.rows import Rows

_TRIES = 200


class Earlier:
    """The layer of the latest step of this name. It is read when it is first asked for, and not asked any more if it
    has none of the first files: then it is another project's.
    """

    def __init__(self, name: str, forms: Forms) -> None:
        self._name = name
        self._forms = forms
        self._found: tuple[str, Rows | None] | None = None
        self._left = _TRIES

    def find(self, path: str, entry: Entry, digest: Digest, /) -> str:
        """The directory in which a file of this path has the entry and the content, and no second name; empty where none has."""
        if not self._left:
            return ""
        if self._found is None:
            self._found = self._look()
        directory, rows = self._found
        if rows is None or entry.node is not None or rows.get(path) != row(IndexEntry(path, entry, digest)):
            self._left -= self._left > 0
            return ""
        self._left = -1
        return directory

    def _look(self) -> tuple[str, Rows | None]:
        for record in self._forms.store.records.recent(self._name):
            try:
                layers = Trees().parse(record.result).layers
                if layers and layers[-1].form == "layer" and (home := self._forms.home(layers[-1])):
                    directory = self._forms.store.layers.directory(home)
                    return os.fspath(directory), Rows(VERSION, self._forms.store.layers.index(home))
            except (StagemillError, ValueError, TypeError):
                continue  # a store that is damaged is nothing to link from
        return "", None
