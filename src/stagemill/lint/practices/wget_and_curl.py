"""`WgetAndCurl`: one stage loads files with both wget and curl."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.lint import managers, reach
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.managers import installs
from stagemill.lint.rule import Rule

_BOTH = ("curl", "wget")


def check(file: LintFile) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for found in installs(file, reach.shipped(file), of=("apt", "apk", "yum", "dnf", "zypper")):
        for word in () if managers.removes(found) else found.packages:
            if word.text not in _BOTH:
                continue
            other = _BOTH[1 - _BOTH.index(word.text)]
            if other in first and word.text not in first:
                yield file.finding(
                    RULE.name,
                    f"{other} is in the image already, since line {first[other]}, and does what {word.text} does",
                    span=word.span,
                    hint=f"use {other} for both",
                )
            first.setdefault(word.text, word.span.line)


RULE = Rule("WgetAndCurl", "both wget and curl are installed", check, level="style", aliases=("DL4001",))
