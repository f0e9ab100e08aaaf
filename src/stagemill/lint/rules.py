"""The rules by name, and `check`, which asks them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from stagemill.errors import UsageError
from stagemill.lint.checks import (
    deprecated_npm_flag,
    dev_packages,
    index_from,
    install_after_copy,
    undeclared_arg,
    unnamed_stage,
    whole_directory,
)
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding


@dataclass(frozen=True, slots=True)
class Rule:
    """`summary` says what the rule finds; docs/lint/<name>.md says why."""

    name: str
    summary: str
    check: Callable[[LintFile], Iterable[Finding]]


RULES = tuple(
    Rule(module.NAME, module.SUMMARY, module.check)
    for module in (
        deprecated_npm_flag,
        dev_packages,
        index_from,
        install_after_copy,
        undeclared_arg,
        unnamed_stage,
        whole_directory,
    )
)


def check(file: LintFile, rules: Iterable[Rule] = RULES) -> list[Finding]:
    """What the rules find, in the order of the file."""
    found = [finding for rule in rules for finding in rule.check(file)]
    return sorted(found, key=lambda finding: (finding.span.line, finding.span.column, finding.rule))


def select(*, only: Iterable[str] = (), ignore: Iterable[str] = ()) -> tuple[Rule, ...]:
    """The rules of the names in `only`, all where it is empty, less those in `ignore`. UsageError for an unknown name."""
    wanted, unwanted = set(only), set(ignore)
    for name in (*only, *ignore):
        if name not in {rule.name for rule in RULES}:
            raise _unknown(name)
    return tuple(rule for rule in RULES if (not wanted or rule.name in wanted) and rule.name not in unwanted)


def _unknown(name: str) -> UsageError:
    from stagemill.dockerfile.suggest import nearest  # noqa: PLC0415  only errors need it

    near = nearest(name, [rule.name for rule in RULES])
    known = "the rules are " + ", ".join(rule.name for rule in RULES)
    return UsageError(f"there is no rule {name!r}", hint=f"did you mean {near}? {known}" if near else known)
