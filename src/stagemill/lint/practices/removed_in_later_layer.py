"""`RemovedInLaterLayer`: a RUN removes what a COPY or ADD brought, which stays in the image all the same."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import basename

from stagemill.dockerfile.tree import Add, Copy, InstructionNode, Run
from stagemill.lint import reach
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.rule import Rule
from stagemill.lint.stages import Step
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class _Landed:
    """A path that an instruction has brought."""

    path: str
    node: InstructionNode


def check(file: LintFile) -> Iterator[Finding]:
    for stage in reach.shipped(file):
        landed: list[_Landed] = []
        for step in stage.steps:
            node = step.node
            if isinstance(node, Copy | Add):
                landed += [_Landed(path, node) for path in _places(file, step, node)]
            elif isinstance(node, Run):
                yield from _removals(file, step, node, landed=landed)


def _places(file: LintFile, step: Step, node: Copy | Add) -> Iterator[str]:
    """Where each single file or named directory lands; a whole context lands nowhere in particular."""
    text = file.known(node.destination.text, step)
    place = step.before.path(text)
    if place is None or text is None:
        return
    for word in node.sources:
        name = basename(word.text.strip("\"'").rstrip("/"))
        if name and name not in {".", "*"} and "*" not in name and "$" not in name:
            into = text.endswith("/") or text in {".", ".."} or len(node.sources) > 1
            yield f"{place.rstrip('/')}/{name}" if into else place


def _removals(file: LintFile, step: Step, node: Run, *, landed: list[_Landed]) -> Iterator[Finding]:
    here = step.before
    for command in file.commands(step, node):
        if command.program == "cd" or command.conditional:
            return
        for word in command.words[1:] if command.program == "rm" else ():
            path = None if word.text.startswith("-") or set(word.text) & set("$*?") else here.path(word.text)
            found = next((one for one in landed if path and path == one.path), None)
            if found:
                yield file.finding(
                    RULE.name,
                    f"{path} stays in the image: line {found.node.span.line} has brought it in a layer below",
                    span=word.span,
                    hint="bind it to the step that needs it: RUN --mount=type=bind,source=…,target=…",
                )


RULE = Rule("RemovedInLaterLayer", "a RUN removes what a COPY brought", check, level="info")
