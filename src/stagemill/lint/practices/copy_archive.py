"""`CopyArchive`: an archive is copied and unpacked by a RUN, so that the image holds it twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from posixpath import basename

from stagemill.dockerfile.tree import Copy, Run
from stagemill.lint import reach
from stagemill.lint.archives import is_archive
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.rule import Rule
from stagemill.lint.shell import ShellCommand
from stagemill.lint.stages import Step


def check(file: LintFile) -> Iterator[Finding]:
    for stage in reach.shipped(file):
        archives: dict[str, Copy] = {}
        for step in stage.steps:
            node = step.node
            if isinstance(node, Copy) and node.from_ is None:
                target = node.destination.text.strip("\"'")
                names = [basename(word.text.strip("\"'")) for word in node.sources]
                names = [basename(target)] if len(names) == 1 and is_archive(names[0]) and is_archive(target) else names
                archives.update({name: node for name in names if is_archive(name)})
            elif isinstance(node, Run) and archives:
                yield from _unpacked(file, step, node, archives=archives)


def _unpacked(file: LintFile, step: Step, node: Run, *, archives: Mapping[str, Copy]) -> Iterator[Finding]:
    for command in file.commands(step, node):
        for name, copy in archives.items():
            if _unpacks(command) and any(basename(text) == name for text in command.texts[1:]):
                yield file.finding(
                    RULE.name,
                    f"{name} is in this layer, and what is in it once more in that of line {node.span.line}",
                    span=copy.span,
                    hint=f"ADD {name} unpacks it as it comes, or bind it: RUN --mount=type=bind,target=…",
                )


def _unpacks(command: ShellCommand) -> bool:
    first = command.texts[1] if len(command.texts) > 1 else ""
    letters = "" if first.startswith("--") else first
    return command.program == "tar" and ("x" in letters or not {"--extract", "--get"}.isdisjoint(command.texts))


RULE = Rule("CopyArchive", "an archive is copied and then unpacked", check, level="info", aliases=("DL3010",))
