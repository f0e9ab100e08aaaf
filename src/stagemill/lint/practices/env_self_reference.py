"""`EnvSelfReference`: a variable used in the ENV that sets it, where it still has its old value."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.expansion import variables
from stagemill.dockerfile.tree import Env
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.rule import Rule


def check(file: LintFile) -> Iterator[Finding]:
    for stage in file.asked:
        for step in stage.steps:
            node = step.node
            set_here: list[str] = []
            for pair in node.items if isinstance(node, Env) else ():
                used = {name for name, _ in variables(pair.value or "", escape=file.escape)}
                early = [name for name in set_here if name in used and name not in step.before.env]
                if early:
                    yield file.finding(
                        RULE.name,
                        f"${early[0]} is set by this same ENV, so here it still has the value of the base image, if that has one",
                        span=pair.span,
                        hint=f"set {pair.key} in an ENV of its own, below this one",
                    )
                set_here.append(pair.key)


RULE = Rule("EnvSelfReference", "a variable is used in the ENV that sets it", check, aliases=("DL3044",))
