"""`DebianFrontendEnv`: an ENV that tells apt not to ask, also whoever works in the container later."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Env
from stagemill.lint import reach
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Edit, Finding, Fix
from stagemill.lint.place import keyword
from stagemill.lint.rule import Rule

_NAME = "DEBIAN_FRONTEND"


def check(file: LintFile) -> Iterator[Finding]:
    for stage in reach.shipped(file):
        for step in stage.steps:
            if isinstance(step.node, Env):
                yield from _env(file, step.node)


def _env(file: LintFile, node: Env) -> Iterator[Finding]:
    for pair in node.items:
        if pair.key == _NAME and "noninteractive" in (pair.value or "").lower() and not _is_undone(file):
            yield file.finding(
                RULE.name,
                "the container keeps this setting, for everybody who works in it",
                span=pair.span,
                hint=f"write ARG {_NAME}=noninteractive, which counts for the build only",
                fix=_fix(node) if len(node.items) == 1 and not node.legacy else None,
            )


def _is_undone(file: LintFile) -> bool:
    values = [
        pair.value or ""
        for node in reach.target_chain(file, file.target)
        if isinstance(node, Env)
        for pair in node.items
        if pair.key == _NAME
    ]
    return "noninteractive" not in values[-1].lower()


def _fix(node: Env) -> Fix:
    start = node.span
    new = "arg" if keyword(node).islower() else "ARG"
    edit = Edit(Span(start.line, start.column, start.line, start.column + 3), new)
    return Fix((edit,), f"write {new}", safe=False)


RULE = Rule("DebianFrontendEnv", "DEBIAN_FRONTEND is set in the image", check, level="style")
