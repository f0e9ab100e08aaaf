"""`EnvSelfReference`: a variable used in the ENV that sets it, where it still has its old value."""

from __future__ import annotations

import re
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
            set_here: dict[str, str] = {}
            for pair in node.items if isinstance(node, Env) else ():
                value = pair.value or ""
                used = {name for name, _ in variables(value, escape=file.escape)}
                early = [
                    name
                    for name, given in set_here.items()
                    if name in used and name not in step.before.env and not _is_same(value, name, given)
                ]
                if early:
                    yield file.finding(
                        RULE.name,
                        f"${early[0]} is set by this same ENV, so here it still has the value of the base image, if that has one",
                        span=pair.span,
                        hint=f"set {pair.key} in an ENV of its own, below this one",
                    )
                set_here[pair.key] = value


def _is_same(value: str, name: str, given: str) -> bool:
    """Whether a value reads the variable with the default that it was given, so that old and new are one: `${A:-b}`."""
    default = given.strip("\"'")
    default = default if default.startswith("$") else f"${{{name}:-{default}}}"
    return default.startswith(f"${{{name}:-") and re.search(rf"\${{?{name}\b", value.replace(default, "")) is None


RULE = Rule("EnvSelfReference", "a variable is used in the ENV that sets it", check, aliases=("DL3044",))
