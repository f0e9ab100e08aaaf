"""`AptInsteadOfAptGet`: `apt`, which is made for people and changes its words, in a script."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding, Fix
from stagemill.lint.ran import Ran, ran
from stagemill.lint.rule import Rule

_CACHE = frozenset({"search", "show", "policy", "list"})
_SAME = frozenset({"update", "install", "remove", "purge", "autoremove", "clean", "autoclean", "upgrade"})


def check(file: LintFile) -> Iterator[Finding]:
    for command in ran(file):
        if command.program == "apt" and command.command.words[0].text == "apt":
            verb = command.operands({"-o", "-t", "-c"})
            tool = "apt-cache" if verb and verb[0].text in _CACHE else "apt-get"
            yield file.finding(
                RULE.name,
                "`apt` is for the terminal of a person: its options and its output may change",
                span=command.command.words[0].span,
                hint=f"write {tool}",
                fix=_fix(command, verb[0].text if verb else ""),
            )


def _fix(command: Ran, verb: str) -> Fix | None:
    """Both do the same where nothing is upgraded, and `apt` keeps no packages that it has loaded."""
    edit = command.replacement(command.command.words[0], "apt-get") if verb in _SAME else None
    return Fix((edit,), "write apt-get", safe=verb not in {"upgrade", "install"}) if edit else None


RULE = Rule("AptInsteadOfAptGet", "apt is called where apt-get is meant", check, aliases=("DL3027",))
