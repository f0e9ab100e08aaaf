"""`ConsecutiveRuns`: short RUNs one below the other, each a layer of its own in the image."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.tree import Run
from stagemill.lint import reach
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.rule import Rule
from stagemill.lint.stages import Stage, Step

_FEW = 2
_LIMIT = 4


def check(file: LintFile) -> Iterator[Finding]:
    for stage in reach.shipped(file):
        for group in _groups(file, stage):
            if len(group) >= _LIMIT:
                yield file.finding(
                    RULE.name,
                    f"{len(group)} short RUNs in a row make {len(group)} layers",
                    span=group[0].node.span,
                    hint="join those that change together with &&, or in a heredoc",
                )


def _groups(file: LintFile, stage: Stage) -> Iterator[list[Step]]:
    """The steps that follow each other, are short, and have the same flags."""
    group: list[Step] = []
    for step in stage.steps:
        if group and not _belongs(file, group[-1], step):
            yield group
            group = []
        if isinstance(step.node, Run) and _is_short(file, step, step.node):
            group.append(step)
    yield group


def _belongs(file: LintFile, before: Step, step: Step) -> bool:
    first, second = before.node, step.node
    if not isinstance(second, Run) or not _is_short(file, step, second):
        return False
    return [(f.name, f.value) for f in first.flags] == [(f.name, f.value) for f in second.flags]


def _is_short(file: LintFile, step: Step, node: Run) -> bool:
    return 0 < len(file.commands(step, node)) <= _FEW


RULE = Rule("ConsecutiveRuns", "many short RUNs in a row", check, level="style", aliases=("DL3059",))
