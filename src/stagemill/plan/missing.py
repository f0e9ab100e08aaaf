"""Why a source of COPY is not there: hidden by a rule of the ignore file, a path of this machine or of a stage, a near name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence

from stagemill.dockerfile.tree import Add, Copy, InstructionNode, Run, Workdir
from stagemill.errors import DockerfileError
from stagemill.files.paths import clean, join, resolve
from stagemill.files.select import LONG_DASHES, MissingSourceError
from stagemill.files.view import FileView
from stagemill.plan.outline import StageText
from stagemill.plan.request import FileContext


def missing_source(error: MissingSourceError, written: str, context: FileContext) -> tuple[str, str | None]:
    """Message and hint for a literal source that the context does not have; `written` is how the Dockerfile names it."""
    path = clean(error.pattern)
    message = f'"/{path}": not found in {context.title}'
    if context.ignored and (rule := context.ignored.explain(path)):
        return f"{message}, excluded by {rule}", "remove the rule, or add a line below it that begins with !"
    if context.view.lstat(path) or written.startswith(LONG_DASHES):
        return message, error.hint
    outside = written.startswith(("/", "~")) or ".." in written.split("/")
    near = (_inside(context.view, path) if outside else None) or near_name(context.view, path)
    if near:
        return message, f"did you mean {near}?"
    if outside:
        return message, f"sources are relative to {context.title}, and nothing outside of it can be copied"
    return message, None


def also_in_stage(error: DockerfileError, node: InstructionNode, stages: Sequence[StageText]) -> DockerfileError:
    """The error for a source that the context lacks, with the stage above that by its text has such a path."""
    if not isinstance(error.__cause__, MissingSourceError):
        return error
    path = f"/{clean(error.__cause__.pattern)}"
    found = next((stage for stage in reversed(stages) if _names(stage, path)), None)
    if found is None:
        return error
    stage = found.name or str(found.index)
    flag = {"RUN": "from=", "ADD": "COPY --from="}.get(node.keyword, "--from=")
    hint = f"to take it from the stage {found.title}, write {flag}{stage}"
    return DockerfileError(error.message, at=error.at, hint="; or ".join(filter(None, [error.hint, hint])))


def _names(stage: StageText, path: str) -> bool:
    """Whether an instruction of a stage names a path, or a directory that it is in."""
    return any(f"{path}/".startswith(f"{place}/") for place in _places(stage)) or any(
        re.search(rf"(?<![\w./-]){re.escape(path)}(?![\w.-])", node.shell_text)
        for node in stage.body
        if isinstance(node, Run)
    )


def _places(stage: StageText) -> Iterator[str]:
    """The directories that a stage works in, and copies to; not the root, where everything is."""
    for node in stage.body:
        if isinstance(node, Workdir | Copy | Add):
            text = (node.path if isinstance(node, Workdir) else node.destination).text
            if text.startswith("/") and clean(text):
                yield f"/{clean(text)}"


def _inside(view: FileView, path: str) -> str | None:
    """The longest end of a path that the tree has, where a path of this machine was written."""
    names = path.split("/")
    ends = ("/".join(names[start:]) for start in range(1, len(names)))
    return next((end for end in ends if view.lstat(end)), None)


def near_name(view: FileView, path: str) -> str | None:
    """A path of the tree that differs from a missing one in one name: by case or by a few letters."""
    names = clean(path).split("/")
    folder, name = "", names.pop(0)
    while names and view.lstat(resolve(view, join(folder, name))) is not None:
        folder, name = join(folder, name), names.pop(0)
    entry = view.lstat(resolve(view, folder))
    names = view.listdir(resolve(view, folder)) if entry and entry.kind == "dir" else []
    same = [other for other in names if other.lower() == name.lower()]
    close = same or difflib.get_close_matches(name, names, n=1)
    return join(folder, close[0]) if close else None
