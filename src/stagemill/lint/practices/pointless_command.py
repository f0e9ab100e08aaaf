"""`PointlessCommand`: a command of a running machine, which does nothing lasting in a build."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.ran import ran
from stagemill.lint.rule import Rule

_COMMANDS = frozenset(
    {"free", "top", "htop", "shutdown", "reboot", "poweroff", "vim", "vi", "nano", "ssh", "systemctl"}
)
_STATES = frozenset({"start", "restart", "stop", "reload", "status"})


def check(file: LintFile) -> Iterator[Finding]:
    for command in ran(file):
        name = command.program
        pointless = name in _COMMANDS and not command.has("-V", "-v", "--version", "--help")
        if name == "systemctl":
            pointless = bool(_STATES & set(command.texts))
        if name == "vim" and command.has("-c", "-es", "-e", "-E"):
            pointless = False
        if pointless:
            yield file.finding(
                RULE.name,
                f"`{name}` acts on a running machine or a person's terminal; when the step ends nothing of it is left",
                span=command.span,
                hint="remove it, or do it where the container starts",
            )


RULE = Rule("PointlessCommand", "a command that is pointless in a build", check, level="info", aliases=("DL3001",))
