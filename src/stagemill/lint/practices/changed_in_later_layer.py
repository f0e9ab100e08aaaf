"""`ChangedInLaterLayer`: a RUN changes owner or mode of what a COPY brought, so the image holds it twice."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.tree import Add, Copy, Run
from stagemill.lint import reach
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.rule import Rule
from stagemill.lint.shell import ShellCommand
from stagemill.lint.stages import Step

_TOOLS = {"chown": "--chown", "chmod": "--chmod", "chgrp": "--chown"}


def check(file: LintFile) -> Iterator[Finding]:
    for stage in reach.shipped(file):
        brought: dict[str, int] = {}
        for step in stage.steps:
            node = step.node
            if isinstance(node, Copy | Add):
                place = step.before.path(file.known(node.destination.text, step))
                if place:
                    brought[place.rstrip("/") or "/"] = node.span.line
            elif isinstance(node, Run):
                for command in file.commands(step, node):
                    yield from _change(file, step, command, brought=brought)


def _change(file: LintFile, step: Step, command: ShellCommand, *, brought: dict[str, int]) -> Iterator[Finding]:
    recursive = any(text in {"-R", "--recursive"} or (text[:1] == "-" and "R" in text) for text in command.texts)
    if command.program not in _TOOLS or command.conditional:
        return
    for word in command.words[2:]:
        unclear = word.text.startswith("-") or set(word.text) & set("$*?")
        path = None if unclear else step.before.path(word.text)
        if path and path in brought and (recursive or path != "/"):
            yield file.finding(
                RULE.name,
                f"every file that `{command.program}` changes is in the image twice: line {brought[path]} has brought {path}",
                span=command.words[0].span.to(word.span),
                hint=f"write {_TOOLS[command.program]}=… at the COPY",
            )
            return


RULE = Rule("ChangedInLaterLayer", "owner or mode of copied files change in a later layer", check, level="info")
