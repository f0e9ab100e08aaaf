"""Where else a path is that a COPY did not find in the stage or image it reads."""

from __future__ import annotations

from collections.abc import Iterable

from stagemill.errors import ContextError, DockerfileError
from stagemill.files.paths import clean, resolve
from stagemill.files.select import MissingSourceError
from stagemill.files.view import FileView


def explained(error: DockerfileError, places: Iterable[tuple[str, FileView]]) -> DockerfileError:
    """The error, with the places that have the path; each comes with what to write for it. Other errors are as they were."""
    cause = error.__cause__
    if not isinstance(cause, MissingSourceError):
        return error
    found = [how for how, view in places if _has(view, clean(cause.pattern))]
    hints = [*found, *([error.hint] if error.hint else [])]
    return DockerfileError(error.message, at=error.at, hint="; or ".join(hints) or None)


def _has(view: FileView, path: str) -> bool:
    try:
        return view.lstat(resolve(view, path)) is not None
    except ContextError:
        return False
