"""Directories as contexts: `opened`, one for the length of a block, and `Directories`, the named ones, when they are asked for."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from stagemill.context import load
from stagemill.context.directory import DirectoryContext
from stagemill.context.ignore import IgnoreRules
from stagemill.context.memory import Memory
from stagemill.context.named import Directory, NamedContexts
from stagemill.files.crew import Crew
from stagemill.files.glob import is_pattern
from stagemill.files.view import FileView
from stagemill.plan.request import MAIN, FileContext
from stagemill.store.store import Store
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class IgnoreFile:
    """The rules of an ignore file, what it is called, and the directory whose files they are about."""

    rules: IgnoreRules
    name: str
    folder: Path

    def explain(self, path: str, /) -> str | None:
        """The rule that hides a path, or the directory that the path lies in; of a pattern, that hides what it matches."""
        if not self._is_there(path):
            return None
        parts = path.split("/")
        for depth in range(len(parts), 0, -1):
            if found := self.rules.rule_for("/".join(parts[:depth])):
                return f'line {found[0]} of {self.name} ("{found[1]}")'
        return None

    def _is_there(self, path: str) -> bool:
        if not is_pattern(path):
            return os.path.lexists(self.folder / path)
        from glob import iglob  # few patterns match nothing

        return any(iglob(path, root_dir=self.folder, include_hidden=True))


@contextmanager
def opened(
    folder: Path,
    rules: load.FoundRules | None,
    *,
    store: Store,
    name: str = MAIN,
    title: str = "the build context",
) -> Iterator[FileContext]:
    """The files of a directory; what was learnt of them is remembered at the end."""
    place = str(folder.absolute())
    stats = store.stat_cache(place)
    ignore = IgnoreFile(rules.rules, rules.name, folder) if rules else None
    own = rules.rules if rules else None
    with Crew() as crew:
        view = DirectoryContext(folder, ignore=own, stats=stats, started_ns=time.time_ns(), title=title, crew=crew)
        memory = Memory(view, store.seen(place), ignore=own)
        yield FileContext(view, title, ignore, name, memory=memory)
    memory.save()
    stats.save()


class Directories(Mapping[str, FileContext]):
    """The named contexts that are directories, by name: each is opened, with its own ignore file, when it is first asked for.

    `views` has the files of each one that is open.
    """

    def __init__(self, contexts: NamedContexts, views: dict[str, FileView], *, store: Store) -> None:
        found = [(context.name, context.source) for context in contexts.by_name.values()]
        self._paths = {name: source.path for name, source in found if isinstance(source, Directory)}
        self._views = views
        self._store = store
        self._open: dict[str, FileContext] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def __getitem__(self, name: str) -> FileContext:
        if name not in self._open:
            folder = self._paths[name]
            context = opened(
                folder, load.ignore_rules(folder), store=self._store, name=name, title=f"the context {name} ({folder})"
            )
            self._open[name] = self._stack.enter_context(context)
            self._views[name] = self._open[name].view
        return self._open[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)
