"""`HealthcheckMissing`: an image that runs something, and says nothing of how to tell whether it is well."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.tree import Healthcheck
from stagemill.lint import reach
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.rule import Rule


def check(file: LintFile) -> Iterator[Finding]:
    for stage in reach.targets(file):
        has_one = any(isinstance(node, Healthcheck) for node in reach.target_chain(file, stage))
        if reach.runs_something(file, stage) and not has_one:
            yield file.finding(
                RULE.name,
                f"{stage.title} does not say how to tell that its program is well",
                span=stage.start.span,
                hint="write HEALTHCHECK CMD …, or HEALTHCHECK NONE",
            )


RULE = Rule(
    "HealthcheckMissing", "an image has no HEALTHCHECK", check, experimental=True, level="info", aliases=("DL3057",)
)
