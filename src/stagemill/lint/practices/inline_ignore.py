"""`InlineIgnore`: a comment that keeps a rule from speaking."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.lint import pragmas
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.rule import Rule


def check(file: LintFile) -> Iterator[Finding]:
    for node in file.dockerfile.instructions:
        names = pragmas.above(node.comments) | file.options.above(node.comments).skip - file.options.skip
        if names:
            yield file.finding(
                RULE.name,
                f"a comment above this line leaves out {', '.join(sorted(names))}",
                span=node.span,
                hint="mend the line, or leave the rule out in stagemill.toml, where all can see it",
            )


RULE = Rule("InlineIgnore", "a comment leaves a rule out", check, experimental=True, level="style", aliases=("DL1001",))
