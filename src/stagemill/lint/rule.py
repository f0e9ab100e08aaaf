"""`Rule`, what is asked of a file, and `Level`, how much what it finds weighs."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding, Level
from stagemill.regex import regex
from stagemill.values import dataclass

_WORDS = regex(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True, slots=True)
class Rule:
    """`summary` says what the rule finds; docs/lint/<page>.md says why.

    One that is `experimental` is asked where somebody wants it by name. `twin` is the rule that says the same of a
    place, and more: where both find something, it speaks. `aliases` are the numbers that hadolint has for what it finds.
    One `by_evidence` finds something only where builds have shown it.
    """

    name: str
    summary: str
    check: Callable[[LintFile], Iterable[Finding]]
    experimental: bool = False
    twin: str = ""
    level: Level = "warning"
    aliases: tuple[str, ...] = ()
    by_evidence: bool = False

    @property
    def page(self) -> str:
        return "-".join(_WORDS.split(self.name)).lower()
