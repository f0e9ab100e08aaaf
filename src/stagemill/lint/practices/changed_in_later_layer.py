"""`ChangedInLaterLayer`: a RUN changes owner or mode of what a COPY brought, so the image holds it twice."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from stagemill.dockerfile.tree import Add, Copy, Run
from stagemill.lint import reach
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.rule import Rule
from stagemill.lint.shell import ShellCommand
from stagemill.lint.stages import Step
from stagemill.values import dataclass

_TOOLS = {"chown": "--chown", "chmod": "--chmod", "chgrp": "--chown"}


@dataclass(frozen=True, slots=True)
class _Brought:
    """What a COPY in a line has brought to a path. Of a directory only a change of all that is in it counts."""

    line: int
    directory: bool


def check(file: LintFile) -> Iterator[Finding]:
    for stage in reach.shipped(file):
        brought: dict[str, _Brought] = {}
        for step in stage.steps:
            node = step.node
            if isinstance(node, Copy | Add):
                brought |= _brought(file, step, node)
            elif isinstance(node, Run):
                for command in file.commands(step, node):
                    yield from _change(file, step, command, brought=brought)


def _brought(file: LintFile, step: Step, node: Copy | Add) -> dict[str, _Brought]:
    """Where the files of a COPY come to lie: the destination, and in a directory the sources by their names."""
    place = step.before.path(file.known(node.destination.text, step))
    if place is None:
        return {}
    sources = [file.known(word.text, step) for word in node.sources]
    directory = node.destination.text.strip("\"'").endswith(("/", ".")) or len(sources) + len(node.heredocs) > 1
    found = {place: _Brought(node.span.line, directory)}
    for source in sources if directory else ():
        name = (source or "").rstrip("/").rpartition("/")[2]
        if name not in {"", ".", ".."} and not set(name) & set("*?["):
            found[posixpath.join(place, name)] = _Brought(node.span.line, directory=False)
    return found


def _change(file: LintFile, step: Step, command: ShellCommand, *, brought: Mapping[str, _Brought]) -> Iterator[Finding]:
    recursive = any(text in {"-R", "--recursive"} or (text[:1] == "-" and "R" in text) for text in command.texts)
    if command.program not in _TOOLS or command.conditional:
        return
    for word in command.words[2:]:
        text = None if word.text.startswith("-") or set(word.text) & set("*?`") else file.known(word.text, step)
        path = step.before.path(text)
        if path and path in brought and (recursive or not brought[path].directory):
            yield file.finding(
                RULE.name,
                f"every file that `{command.program}` changes is in the image twice: line {brought[path].line} has brought {path}",
                span=command.words[0].span.to(word.span),
                hint=f"write {_TOOLS[command.program]}=… at the COPY",
            )
            return


RULE = Rule("ChangedInLaterLayer", "owner or mode of copied files change in a later layer", check, level="info")
