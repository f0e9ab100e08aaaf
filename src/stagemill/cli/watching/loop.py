"""`watch`: builds, and builds again whenever something changes that the build is made of, until somebody presses Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeAlias

from stagemill.cli.frame.apart import apart
from stagemill.cli.frame.environment import store_root
from stagemill.cli.frame.stopping import STOPPED
from stagemill.cli.making.source import located
from stagemill.cli.watching import asked
from stagemill.cli.watching.follower import Follower
from stagemill.cli.watching.scope import Scope, scope
from stagemill.context.named import Directory
from stagemill.dockerfile.source import printable
from stagemill.errors import StagemillError, UsageError

if TYPE_CHECKING:
    from stagemill.cli.frame.values import Values
    from stagemill.cli.making.building import BuildFlags

Happening: TypeAlias = "frozenset[str] | int | StagemillError"
"""Paths that changed, the status of the command that ran, or why nothing more will be heard."""

_SHOWN = 3  # paths by name
_WRONG = UsageError.exit_code


def watch(values: Values, build: BuildFlags, once: Callable[[], object]) -> int:
    """Calls `once`, in another process, at the beginning and after every change, and then the command of `--on-success`.

    An error of a build is shown, and does not end it. Returns the status where a build was stopped, or a command line is wrong;
    raises StagemillError for what else ends it, and KeyboardInterrupt.
    """
    asked.check(values, build)
    silent = values.flag("quiet") or build.progress in {"quiet", "rawjson"}
    return _Loop(values, build, once, say=(lambda _: None) if silent else _say).run()


class _Loop:
    def __init__(
        self, values: Values, build: BuildFlags, once: Callable[[], object], *, say: Callable[[str], None]
    ) -> None:
        self._values = values
        self._build = build
        self._once = once
        self._say = say
        self._happened: SimpleQueue[Happening] = SimpleQueue()
        command = values.text("on_success")
        self._follower = Follower(command, ended=self._happened.put) if command else None

    def run(self) -> int:
        from stagemill.cli.watching.changes import Changes

        with _hanging_up(), self._following():
            first = True
            while True:
                what = self._scope()
                # From before the build until what it did not see has been told: nothing is lost in between.
                found = Changes(what, self._happened.put)
                status = apart(self._once)
                if status == STOPPED or (status == _WRONG and first):
                    return status  # no file mends the command line
                first = False
                with found:
                    if status == 0 and self._follower:
                        self._say(f"running {self._follower.command}")
                        self._follower.begin()
                    self._say(f"waiting for changes in {_some(tree.root for tree in what.trees)}; Ctrl-C ends")
                    changed = self._changed()
                if self._follower:
                    self._follower.end()
                self._say(f"changed: {_some(changed)}")

    @contextmanager
    def _following(self) -> Iterator[None]:
        try:
            yield
        finally:
            if self._follower:
                self._follower.end()

    def _changed(self) -> frozenset[str]:
        """Waits for a change, and tells meanwhile how the command ended."""
        changed: frozenset[str] = frozenset()
        while True:
            try:
                happened = self._happened.get(block=not changed)
            except Empty:
                return changed
            if isinstance(happened, StagemillError):
                raise happened
            if isinstance(happened, int):
                self._say(f"the command ended with status {happened}")
            else:
                changed |= happened

    def _scope(self) -> Scope:
        """Asked for each build anew: there may be other directories, and other rules."""
        build = self._build
        named = [
            context.source.path for context in build.contexts.by_name.values() if isinstance(context.source, Directory)
        ]
        found = scope(
            build.context,
            located(build.file, Path(build.context)),
            ignore_file=build.ignore_file,
            named=named,
            files=self._values.texts("build_arg_file"),
            own=(*asked.written(self._values), os.fspath(store_root(os.environ, root=os.geteuid() == 0))),
        )
        for tree in found.trees:
            if found.is_own(tree.root):
                hint = "have it write to a directory below, or beside it"
                raise UsageError(f"the build writes to {_shown(tree.root)}, which --watch watches", hint=hint)
        return found


@contextmanager
def _hanging_up() -> Iterator[None]:
    """A terminal that is closed ends it as SIGTERM does, so that the command does not outlive it."""
    before = signal.signal(signal.SIGHUP, signal.getsignal(signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


def _shown(path: str) -> str:
    near = os.path.relpath(path)
    return printable(path if near.startswith("../..") else near)


def _some(paths: Iterable[str]) -> str:
    names = sorted(map(_shown, paths))
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _say(text: str) -> None:
    sys.stderr.write(f"watch: {text}\n")
    sys.stderr.flush()
