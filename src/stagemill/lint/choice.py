"""All rules, and choosing among them by their names. A build does not load them: it asks those of `rules` only."""

from __future__ import annotations

from collections.abc import Iterable

from stagemill.errors import UsageError
from stagemill.lint.practices.every import PRACTICES
from stagemill.lint.rule import Rule
from stagemill.lint.rules import CORE
from stagemill.regex import regex

_SHELLCHECK = regex("SC[0-9]{4,5}")

RULES = (*CORE, *PRACTICES)


def find(name: str) -> Rule:
    """The rule of a name, of a page or of a number of hadolint's. UsageError where there is none."""
    for rule in RULES:
        if name in {rule.name, rule.page, *rule.aliases} or (rule.name == "ShellCheck" and _SHELLCHECK.fullmatch(name)):
            return rule
    raise _unknown(name)


def select(*, only: Iterable[str] = (), ignore: Iterable[str] = ()) -> tuple[Rule, ...]:
    """The rules of the names in `only`, all where it is empty, less those in `ignore`. UsageError for an unknown name.

    A rule may be called by the name of its page as well, and by hadolint's numbers. One number of several leaves out
    none: `check` leaves out the findings that have it, where the options of the file name it.
    """
    wanted = {find(name).name for name in only}
    unwanted = {rule.name for name, rule in ((name, find(name)) for name in ignore) if _is_all(rule, name)}
    return tuple(rule for rule in RULES if (not wanted or rule.name in wanted) and rule.name not in unwanted)


def _is_all(rule: Rule, name: str) -> bool:
    """Whether a name means all that a rule finds; a number of ShellCheck's, or one of several of hadolint's, does not."""
    return name in {rule.name, rule.page} or (name in rule.aliases and len(rule.aliases) == 1)


def _unknown(name: str) -> UsageError:
    from stagemill.dockerfile.suggest import nearest  # noqa: PLC0415  only errors need it

    near = nearest(name, [rule.name for rule in RULES])
    hint = f"did you mean {near}?" if near else "the rules are " + ", ".join(rule.name for rule in RULES)
    return UsageError(f"there is no rule {name!r}", hint=hint)
