"""`Changes`: what the kernel tells of the files in a scope, from a moment on. It is watchfiles that asks the kernel."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread
from types import TracebackType
from typing import Self

from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError

from stagemill.cli.watching.scope import Scope
from stagemill.errors import StagemillError

_QUIET = 50
_LONGEST = 1600
"""Milliseconds: changes belong together until there was none for as long as the first, and no longer than the second."""

_ATTEMPTS = 5
_LIMIT = "raise the limit: sysctl fs.inotify.max_user_watches=524288; or leave directories out by .dockerignore"


class Changes:
    """Tells the paths that count to `tell`, from a thread, together where they come together. Nothing that happens between
    the construction and the end of the block is lost; a directory that is new is told of, and not watched by itself.
    """

    def __init__(self, scope: Scope, tell: Callable[[frozenset[str] | StagemillError], None]) -> None:
        """Raises StagemillError where the kernel does not watch."""
        self._scope = scope
        self._tell = tell
        self._stop = Event()
        self._notify = _opened(scope)
        self._thread = Thread(target=self._listen, name="changes", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._notify.close()

    def _listen(self) -> None:
        try:
            while not self._stop.is_set():
                found = self._notify.watch(_LONGEST, _QUIET, 0, self._stop)
                if isinstance(found, set) and (paths := frozenset(filter(self._scope.counts, (p for _, p in found)))):
                    self._tell(paths)
        except WatchfilesRustInternalError as error:
            self._tell(StagemillError(f"the files are no longer watched: {error}", hint="start it again"))


def _opened(scope: Scope) -> RustNotify:
    for _ in range(_ATTEMPTS):
        try:
            return RustNotify(scope.folders(), False, False, 0, False, True)
        except FileNotFoundError:
            continue  # a directory went away just now
        except (OSError, WatchfilesRustInternalError) as error:
            raise StagemillError(f"the files cannot be watched: {error}", hint=_LIMIT) from error
    raise StagemillError("the files cannot be watched: directories come and go", hint="leave them out by .dockerignore")
