"""`MaintainerDeprecated`: MAINTAINER, in whose place there is a label."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.source import printable
from stagemill.dockerfile.tree import Maintainer
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding

NAME = "MaintainerDeprecated"
SUMMARY = "The MAINTAINER instruction is deprecated, use a label instead to define an image author"


def check(file: LintFile) -> Iterator[Finding]:
    for node in file.dockerfile.instructions:
        if isinstance(node, Maintainer):
            author = printable(node.name.text).replace('"', "'")
            yield file.finding(
                NAME,
                "Maintainer instruction is deprecated in favor of using label",
                span=node.span,
                hint=f'write LABEL org.opencontainers.image.authors="{author}"',
                about=node.span,
            )
