"""`LanguagePackagesPinned`: pip, npm, gem or go install a package in whatever version is newest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stagemill.lint import managers
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.managers import Name, installs
from stagemill.lint.rule import Rule

_NUMBERS: Mapping[Name, str] = {"pip": "DL3013", "npm": "DL3016", "gem": "DL3028", "go": "DL3062"}
_FORMS: Mapping[Name, str] = {"pip": "==", "npm": "@", "gem": ":", "go": "@"}
_TOOLS = frozenset({"pip", "setuptools", "wheel"})


def check(file: LintFile) -> Iterator[Finding]:
    for found in installs(file, of=_NUMBERS):
        loose = [word for word in managers.unpinned(found) if found.manager != "pip" or word.text not in _TOOLS]
        if loose:
            names = ", ".join(word.text for word in loose)
            form = f"{loose[0].text.partition('@')[0] or loose[0].text}{_FORMS[found.manager]}VERSION"
            yield file.finding(
                RULE.name,
                f"any version of {names} may come",
                span=loose[0].span,
                hint=f"write {form}, or name the packages in a file with a lock",
                alias=_NUMBERS[found.manager],
            )


RULE = Rule(
    "LanguagePackagesPinned",
    "packages of pip, npm, gem or go have no version",
    check,
    aliases=tuple(_NUMBERS.values()),
)
