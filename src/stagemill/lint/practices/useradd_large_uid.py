"""`UseraddLargeUid`: useradd with a large number, which makes a sparse file that layers hold in full."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding, Fix
from stagemill.lint.ran import Ran, ran
from stagemill.lint.rule import Rule

_LARGE = 100_000


def check(file: LintFile) -> Iterator[Finding]:
    for command in ran(file):
        number = _number(command) if command.program == "useradd" else None
        if number is not None and number >= _LARGE and not command.has("-l", "--no-log-init"):
            edit = command.insertion(command.command.words[0], "-l")
            yield file.finding(
                RULE.name,
                f"useradd writes a login record for every number up to {number}, and the layer holds all of them",
                span=command.span,
                hint="add -l (--no-log-init)",
                fix=Fix((edit,), "add -l", safe=False) if edit else None,
            )


def _number(command: Ran) -> int | None:
    for option, value in pairwise((*command.texts, "")):
        name, equals, attached = option.partition("=")
        text = attached if equals else value
        if name in {"-u", "--uid"} or (option[:1] == "-" and option[1:2] != "-" and option.endswith("u")):
            return int(text) if text.isdecimal() else None
        if option.startswith("-u") and option[2:].isdecimal():
            return int(option[2:])
    return None


RULE = Rule("UseraddLargeUid", "useradd with a large number makes a large layer", check, aliases=("DL3046",))
