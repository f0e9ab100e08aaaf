"""`ExposeProtoCasing`: the protocol of a port has letters in upper case."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.lint.file import LintFile
from stagemill.lint.finding import Edit, Finding, Fix
from stagemill.lint.ports import ports

NAME = "ExposeProtoCasing"
SUMMARY = "Protocol in EXPOSE instruction should be lowercase"


def check(file: LintFile) -> Iterator[Finding]:
    for port in ports(file):
        before, slash, protocol = port.text.rpartition("/")
        if slash and protocol != protocol.lower():
            new = f"{before}/{protocol.lower()}"
            yield file.finding(
                NAME,
                f"Defined protocol '{port.text}' in EXPOSE instruction should be lowercase",
                span=port.word.span,
                hint=f"write {new}",
                fix=Fix((Edit(port.word.span, new),), f"write `{new}`") if port.is_written else None,
                about=port.node.span,
            )
