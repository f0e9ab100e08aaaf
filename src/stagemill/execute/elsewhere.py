"""Where else a path is that a COPY did not find in the stage or image it reads, and which of its words is meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from stagemill.errors import ContextError, DockerfileError, Excerpt, either
from stagemill.files.paths import clean, resolve
from stagemill.files.select import MissingSourceError
from stagemill.files.view import FileView
from stagemill.plan.missing import stage_that_names
from stagemill.plan.outline import StageText


def explained(
    error: DockerfileError, places: Iterable[tuple[str, FileView]], *, skipped: Sequence[StageText] = ()
) -> DockerfileError:
    """The error, with the places that have the path; each comes with what to write for it. Other errors are as they were.

    Of the stages that were not built, one that names the path is told where no place has it.
    """
    cause = error.__cause__
    if not isinstance(cause, MissingSourceError):
        return error
    path = clean(cause.pattern)
    hints: list[str | None] = [how for how, view in places if _has(view, path)]
    if not hints and (stage := stage_that_names(path, skipped)):
        hints.append(f"the stage {stage.title} names it: write --from={stage.name or stage.index}")
    at = narrowed(error.at, path) if error.at else None
    return DockerfileError(error.message, at=at, hint=either([*hints, error.hint]) or cause.there)


def narrowed(at: Excerpt, path: str) -> Excerpt:
    """The one word of a line that names the path, where there is one: a step knows only its whole instruction."""
    last = f"{re.escape(path)}/?(?=[\\s\"',]|$)"
    found = [*re.finditer(rf"(?:(?<=[\s\"'])|(?<=source=)|(?<=src=))(?:\./|/)*{last}", at.text)]
    if len(found) != 1 or not path:
        return at
    start, end = found[0].span()
    return replace(at, column=start + 1, length=end - start)


def _has(view: FileView, path: str) -> bool:
    try:
        return view.lstat(resolve(view, path)) is not None
    except ContextError:
        return False
