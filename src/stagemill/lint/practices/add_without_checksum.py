"""`AddWithoutChecksum`: ADD loads a file of the web, and takes whatever comes."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.tree import Add
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.rule import Rule


def check(file: LintFile) -> Iterator[Finding]:
    for stage in file.asked:
        for step in stage.steps:
            node = step.node
            for word in node.sources if isinstance(node, Add) and node.checksum is None else ():
                text = word.text.strip("\"'").lower()
                if text.startswith(("http://", "https://")) and not text.partition("#")[0].endswith(".git"):
                    yield file.finding(
                        RULE.name,
                        "nothing says what has to come from this address",
                        span=word.span,
                        hint="write --checksum=sha256:…; the build then fails where the file is another one, and loads it only once",
                    )


RULE = Rule("AddWithoutChecksum", "ADD loads a file without a checksum", check, level="info")
