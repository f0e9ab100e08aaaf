"""`ExposeInvalidFormat`: EXPOSE with an address or a port of the host, which an image cannot have."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.lint.file import LintFile
from stagemill.lint.finding import Edit, Finding, Fix
from stagemill.lint.ports import ports

NAME = "ExposeInvalidFormat"
SUMMARY = (
    "IP address and host-port mapping should not be used in EXPOSE instruction. "
    "This will become an error in a future release"
)


def check(file: LintFile) -> Iterator[Finding]:
    for port in ports(file):
        before, _, own = port.text.rpartition(":")
        if before.strip(":"):
            yield file.finding(
                NAME,
                f"EXPOSE instruction should not define an IP address or host-port mapping, found '{port.text}'",
                span=port.word.span,
                hint=f"write {own}; where it is reached from is said by who runs the image, with -p",
                fix=Fix((Edit(port.word.span, own),), f"write `{own}`") if port.is_written and own else None,
                about=port.node.span,
            )
