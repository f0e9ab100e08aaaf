"""`SystemPackagesPinned`: packages of the system without a version, in the image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stagemill.lint import managers, reach
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.managers import Name, installs
from stagemill.lint.rule import Rule

_NUMBERS: Mapping[Name, str] = {"apt": "DL3008", "apk": "DL3018", "yum": "DL3033", "zypper": "DL3037", "dnf": "DL3041"}
_FORMS: Mapping[Name, str] = {"apt": "=", "apk": "=", "yum": "-", "zypper": "=", "dnf": "-"}


def check(file: LintFile) -> Iterator[Finding]:
    for found in installs(file, reach.shipped(file), of=_NUMBERS):
        loose = managers.unpinned(found)
        if loose:
            names = ", ".join(word.text for word in loose)
            yield file.finding(
                RULE.name,
                f"any version of {names} may come",
                span=loose[0].span,
                hint=f"write {loose[0].text}{_FORMS[found.manager]}VERSION, or keep what is there today with stagemill lock",
                alias=_NUMBERS[found.manager],
            )


RULE = Rule(
    "SystemPackagesPinned",
    "packages of the system have no version",
    check,
    experimental=True,
    level="info",
    aliases=tuple(_NUMBERS.values()),
)
