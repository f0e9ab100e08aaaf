"""`TooManyLayers`: more layers than some builders and runtimes can stack."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.tree import Add, Copy, Run
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.rule import Rule

_MOST = 120
"""Docker stacks 127; a base image has some of them."""


def check(file: LintFile) -> Iterator[Finding]:
    made = [step.node for step in file.steps(file.target) if isinstance(step.node, Run | Copy | Add)]
    if len(made) > _MOST and file.target in file.asked:
        yield file.finding(
            RULE.name,
            f"this is layer {_MOST + 1} of {len(made)}, and with those of the base image Docker stacks 127",
            span=made[_MOST].span,
            hint="join steps with &&, or copy from a stage of its own what many steps made",
        )


RULE = Rule("TooManyLayers", "an image has more layers than Docker can stack", check)
