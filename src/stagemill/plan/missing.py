"""Why a source of COPY is not there: hidden by a rule of the ignore file, an absolute path, a near name."""

from __future__ import annotations

import difflib

from stagemill.files.paths import clean, join, resolve, split
from stagemill.files.select import MissingSourceError
from stagemill.files.view import FileView
from stagemill.plan.request import FileContext


def missing_source(error: MissingSourceError, written: str, context: FileContext) -> tuple[str, str | None]:
    """Message and hint for a literal source that the context does not have; `written` is how the Dockerfile names it."""
    path = clean(error.pattern)
    message = f'"/{path}": not found in {context.title}'
    if context.ignored and (rule := context.ignored.explain(path)):
        return f"{message}, excluded by {rule}", "remove the rule, or add a line below it that begins with !"
    if context.view.lstat(path):
        return message, error.hint
    near = near_name(context.view, path)
    if near:
        return message, f"did you mean {near}?"
    if written.startswith(("/", "~")) or ".." in written.split("/"):
        return message, f"sources are relative to {context.title}, and nothing outside of it can be copied"
    return message, None


def near_name(view: FileView, path: str) -> str | None:
    """A path of the tree that differs from a missing one in one name: by case or by a few letters."""
    folder, name = split(clean(path))
    while folder and view.lstat(resolve(view, folder)) is None:
        folder, name = split(folder)
    entry = view.lstat(resolve(view, folder))
    names = view.listdir(resolve(view, folder)) if entry and entry.kind == "dir" else []
    same = [other for other in names if other.lower() == name.lower()]
    close = same or difflib.get_close_matches(name, names, n=1)
    return join(folder, close[0]) if close else None
