"""`DistributionUpgrade`: a step upgrades the whole distribution to another release of it."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.ran import ran
from stagemill.lint.rule import Rule

_VERBS = {
    "zypper": frozenset({"dist-upgrade", "dup"}),
    "apt-get": frozenset({"dist-upgrade"}),
    "apt": frozenset({"full-upgrade", "dist-upgrade"}),
    "dnf": frozenset({"distro-sync", "dsync", "system-upgrade"}),
}


def check(file: LintFile) -> Iterator[Finding]:
    for command in ran(file):
        verb = next((word for word in command.words if word.text in _VERBS.get(command.program, ())), None)
        if verb:
            yield file.finding(
                RULE.name,
                f"`{command.program} {verb.text}` replaces and removes packages of the base image, each day others",
                span=command.span,
                hint="begin from a newer tag of the base image, or upgrade the packages that you name",
                alias="DL3035" if command.program == "zypper" else "DL3005",
            )


RULE = Rule("DistributionUpgrade", "a step upgrades the whole distribution", check, aliases=("DL3005", "DL3035"))
