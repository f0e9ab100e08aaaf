"""Why a source of COPY is not there: hidden by a rule of the ignore file, a path of this machine or of a stage, a near name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from stagemill.dockerfile.tree import Add, Copy, InstructionNode, Run, Workdir
from stagemill.errors import DockerfileError, either
from stagemill.files.near import meant_flag, near_name, there
from stagemill.files.paths import clean
from stagemill.files.select import MissingSourceError
from stagemill.files.view import FileView
from stagemill.plan.outline import StageText
from stagemill.plan.request import FileContext


def missing_source(
    error: MissingSourceError, written: str, context: FileContext, *, blank: Sequence[str] = ()
) -> tuple[str, str | None]:
    """Message and hint for a literal source that the context does not have; `written` is how the Dockerfile names it.

    `blank` are the variables in it without a value.
    """
    path = clean(error.pattern)
    message = f'"/{path}": not found in {context.title}'
    if context.ignored and (rule := context.ignored.explain(path)):
        return f"{message}, excluded by {rule}", "remove the rule, or add a line below it that begins with !"
    error.there = there(context.view, path, root=context.title)
    if blank:
        names, have = " and ".join(blank), "has" if len(blank) == 1 else "have"
        return message, f"{names} {have} no value here: give it one with ARG or ENV in this stage, or with --build-arg"
    if context.view.lstat(path) or meant_flag(written):
        return message, error.hint
    if near := _meant(written, path, context.view):
        return message, f"did you mean {near}?"
    if _is_outside(written):
        return message, f"sources are relative to {context.title}, and nothing outside of it can be copied"
    return message, None


def matches_nothing(written: str, pattern: str, context: FileContext) -> tuple[str, str]:
    """Message and hint for a pattern that selects nothing, which is no error (traps 6)."""
    message = f"{written} matches nothing in {context.title}"
    if context.ignored and (rule := context.ignored.explain(clean(pattern))):
        return f"{message}, excluded by {rule}", "remove the rule, or add a line below it that begins with !"
    return message, "nothing is copied for it; only a source without a pattern has to exist"


def _meant(written: str, path: str, view: FileView) -> str | None:
    if _is_outside(written) and (inside := _inside(view, path)):
        return inside
    turned = clean(written.replace("\\", "/"))
    if turned != path and (inside := _inside(view, f"/{turned}")):
        return inside
    return near_name(view, path)


def _is_outside(written: str) -> bool:
    """Whether somebody meant a path of this machine."""
    return written.startswith(("/", "~")) or ".." in written.split("/")


def also_in_stage(error: DockerfileError, node: InstructionNode, stages: Sequence[StageText]) -> DockerfileError:
    """The error for a source that the context lacks, with the stage above that by its text has such a path, or else with
    what the context has.
    """
    if not isinstance(error.__cause__, MissingSourceError):
        return error
    found = stage_that_names(error.__cause__.pattern, stages)
    hints = [error.hint]
    if found:
        stage = found.name or str(found.index)
        flag = {"RUN": "from=", "ADD": "COPY --from="}.get(node.keyword, "--from=")
        # A near name is a guess, and comes last.
        hints.insert(
            0 if error.hint and error.hint.startswith("did you") else 1,
            f"to take it from the stage {found.title}, write {flag}{stage}",
        )
    hint = either(hints) or error.__cause__.there
    return DockerfileError(error.message, at=error.at, hint=hint)


def stage_that_names(source: str, stages: Sequence[StageText]) -> StageText | None:
    """The last stage one of whose instructions names a path, or a directory that it is in."""
    path = f"/{clean(source)}"
    return next((stage for stage in reversed(stages) if _names(stage, path)), None)


def _names(stage: StageText, path: str) -> bool:
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
    """The longest end of a path that the tree has, less its first name, where a path of this machine was written."""
    names = path.split("/")
    ends = ("/".join(names[start:]) for start in range(1, len(names)))
    return next((end for end in ends if view.lstat(end)), None)
