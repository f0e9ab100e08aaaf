"""`JSONArgsRecommended`: a CMD or ENTRYPOINT in shell form, whose process gets no signals."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from stagemill.dockerfile.tree import Cmd, Command, Entrypoint
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.regex import regex

NAME = "JSONArgsRecommended"
SUMMARY = "JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS signals"

_EXEC = regex(r"exec\s[^;&|\n]*")
"""One command that takes the shell's place, and so gets the signals."""
_PLAIN = regex(r"[\w./:=@%+, -]+", re.ASCII)


def check(file: LintFile) -> Iterator[Finding]:
    for stage in file.asked:
        for step in stage.steps:
            node = step.node
            if (
                isinstance(node, Cmd | Entrypoint)
                and node.command.exec is None
                and step.before.shell is None
                and not _EXEC.fullmatch(node.command.text)
            ):
                yield file.finding(
                    NAME,
                    f"JSON arguments recommended for {node.keyword} to prevent unintended behavior related to OS signals",
                    span=node.command.span,
                    hint=_hint(node.keyword, node.command),
                    about=node.span,
                )


def _hint(keyword: str, command: Command) -> str:
    if not _PLAIN.fullmatch(command.text):
        return 'a shell stands between: write the program and its arguments as ["program", "argument"]'
    return f"a shell stands between, and passes no signal on: write {keyword} {json.dumps(command.text.split())}"
