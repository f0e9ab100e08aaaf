"""`CopyFromSelf`: a stage copies from itself, which it cannot."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.tree import Copy
from stagemill.lint.file import LintFile, source_stage
from stagemill.lint.finding import Finding
from stagemill.lint.rule import Rule


def check(file: LintFile) -> Iterator[Finding]:
    for stage in file.asked:
        for step in stage.steps:
            node = step.node
            if not isinstance(node, Copy) or not node.from_:
                continue
            text = node.from_.text.lower()
            own = text == str(stage.index) or (text == stage.name and not source_stage(text, stage, file.stages))
            if own:
                yield file.finding(
                    RULE.name,
                    f"{stage.title} copies from itself",
                    span=node.from_.span,
                    hint="its files are here already: copy them in a RUN with cp, or name another stage",
                )


RULE = Rule("CopyFromSelf", "a stage copies from itself", check, level="error", aliases=("DL3023",))
