"""Why a source of COPY is not there: hidden by a rule of the ignore file, an absolute path, a near name."""

from __future__ import annotations

import difflib
import posixpath

from stagemill.files.paths import clean
from stagemill.files.view import FileView
from stagemill.plan.request import MainContext


def missing_source(path: str, written: str, context: MainContext) -> tuple[str, str | None]:
    """Message and hint for a literal source that the context does not have."""
    message = f'"/{path}": not found in {context.title}'
    if context.ignored and (rule := context.ignored.explain(path)):
        return f"{message}, excluded by {rule}", "remove the rule, or add a line below it that begins with !"
    near = near_name(context.view, path)
    if near:
        return message, f"did you mean {near}?"
    if written.startswith(("/", "~")) or ".." in written.split("/"):
        return message, f"sources are relative to {context.title}, and nothing outside of it can be copied"
    return message, None


def near_name(view: FileView, path: str) -> str | None:
    """A path of the tree that differs from a missing one in one name: by case or by a few letters."""
    folder, name = posixpath.split(clean(path))
    while folder and view.lstat(folder) is None:
        folder, name = posixpath.split(folder)
    names = view.listdir(folder)
    same = [other for other in names if other.lower() == name.lower()]
    close = same or difflib.get_close_matches(name, names, n=1)
    return posixpath.join(folder, close[0]) if close else None
