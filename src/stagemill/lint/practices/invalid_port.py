"""`InvalidPort`: EXPOSE with a number that no port has."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.tree import Expose
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.rule import Rule
from stagemill.regex import regex

_PORT = regex(r"([0-9]+)(?:-([0-9]+))?(?:/\w+)?")
_MOST = 65_535


def check(file: LintFile) -> Iterator[Finding]:
    for stage in file.asked:
        for step in stage.steps:
            for word in step.node.ports if isinstance(step.node, Expose) else ():
                match = _PORT.fullmatch(file.known(word.text, step) or "")
                numbers = [int(text) for text in match.groups() if text] if match else []
                if any(number > _MOST for number in numbers):
                    yield file.finding(
                        RULE.name,
                        f"there is no port {max(numbers)}",
                        span=word.span,
                        hint=f"ports go from 0 to {_MOST}",
                    )


RULE = Rule("InvalidPort", "EXPOSE has a number that no port has", check, level="error", aliases=("DL3011",))
