"""`ArgOutOfScope`: an ARG above the first FROM read inside of a stage, which does not see it."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.tree import Env, InstructionNode, Run
from stagemill.lint import mentions
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Edit, Finding, Fix
from stagemill.lint.place import above, first_line, lines
from stagemill.lint.rule import Rule
from stagemill.lint.stages import Stage

_GIVEN = frozenset({"PATH", "HOME", "USER", "PWD", "HOSTNAME", "LANG", "SHELL", "TERM"})


def check(file: LintFile) -> Iterator[Finding]:
    names = [pair.key for node in file.dockerfile.global_args for pair in node.items if pair.key not in _GIVEN]
    for stage in file.asked:
        for name in dict.fromkeys(names):
            node = _first_use(stage, name)
            if node:
                yield file.finding(
                    RULE.name,
                    f"${name} is empty here: the ARG above the first FROM counts for FROM lines only",
                    span=mentions.place(node, name, first=first_line(file.dockerfile, node)) or node.span,
                    hint=f"write ARG {name} in this stage, above the line; without a value it takes that of above",
                    fix=_fix(file, node, name),
                )


def _first_use(stage: Stage, name: str) -> InstructionNode | None:
    """The first instruction that reads the variable where neither ARG nor ENV of the stage have set it."""
    for step in stage.steps:
        node = step.node
        if name in step.before.env:
            return None
        if isinstance(node, Env) and any(pair.key == name for pair in node.items):
            return None
        if isinstance(node, Run) and mentions.sets(node, name):
            return None
        if mentions.reads(node, name) and f"${{{name}:" not in node.raw:
            return node
    return None


def _fix(file: LintFile, node: InstructionNode, name: str) -> Fix:
    edit = Edit(above(file.dockerfile, node), lines(file.dockerfile, f"ARG {name}"))
    return Fix((edit,), f"declare {name} in the stage", safe=False)


RULE = Rule("ArgOutOfScope", "an ARG above the first FROM is read in a stage", check)
