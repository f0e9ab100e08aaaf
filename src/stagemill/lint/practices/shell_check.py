"""`ShellCheck`: what ShellCheck says of the commands of RUN, under its own numbers and at the right places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from stagemill.dockerfile.tree import Run
from stagemill.lint import scripts
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.rule import Rule
from stagemill.lint.scripts import Remark, Script
from stagemill.lint.stages import PLATFORM_ARGS
from stagemill.regex import regex

_UNQUOTED = "SC2086"
_UNDEFINED = "SC3028"
"""A variable that only other shells set by themselves; an ARG or ENV sets it for all."""
_VARIABLE = regex(r"\$\{?(\w+)\}?")
_PLAIN = regex(r"[\w./:@%+,=~^-]+")
_PORTABLE = "SC3"
"""How its numbers begin that say what POSIX does not know."""


def check(file: LintFile) -> Iterator[Finding]:
    ask = file.surroundings.shell_checker
    if ask is None:
        return
    found = [
        script
        for stage in file.asked
        for step in stage.steps
        if isinstance(step.node, Run)
        for script in scripts.of_step(file.chain(stage), step, step.node, escape=file.escape)
    ]
    for remark in ask(found) if found else ():
        script = found[remark.script]
        portable = script.dialect == "sh" and remark.code.startswith(_PORTABLE)
        ours = remark.code == _UNDEFINED and _name(script, remark) in script.env
        if not portable and not ours and not (remark.code == _UNQUOTED and _is_harmless(script, remark)):
            yield _finding(file, script, remark)


def _is_harmless(script: Script, remark: Remark) -> bool:
    """Whether a variable without quotes has a value that cannot be split, or is a list that the script has made itself."""
    name = _name(script, remark)
    if name is None:
        return False
    given = script.env.get(name)
    if _PLAIN.fullmatch(given or "") or (given is None and name in script.env.keys() & PLATFORM_ARGS):
        return True
    return re.search(rf"(?<![\w$]){name}=(['\"])[^'\"]*\s[^'\"]*\1", script.text) is not None


def _name(script: Script, remark: Remark) -> str | None:
    """The variable that a remark points at."""
    lines = script.text.split("\n")
    line = lines[remark.line - 1] if remark.line <= len(lines) else ""
    found = _VARIABLE.fullmatch(line[remark.column - 1 : remark.end_column - 1])
    return found[1] if found else None


def _finding(file: LintFile, script: Script, remark: Remark) -> Finding:
    span = script.place(remark.line, remark.column, remark.end_line, remark.end_column)
    hint = (
        f"ShellCheck explains {remark.code} in its wiki; # shellcheck disable={remark.code} above the RUN leaves it out"
    )
    found = file.finding(remark.code, remark.message, span=span, hint=hint)
    return replace(found, level=remark.level)


RULE = Rule("ShellCheck", "what ShellCheck says of the commands of RUN", check)
