"""`IgnoreRules`: which paths of a context its `.dockerignore` leaves out; how patterns count is in `files/exclusion.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from stagemill.files.exclusion import Exclusion, parsed
from stagemill.files.pattern import Pattern
from stagemill.values import dataclass

_ALL = {"*", "**", "**/*"}


@dataclass(frozen=True, slots=True)
class Rule:
    """A line of an ignore file; `exception` is what the `!` at its beginning makes of it."""

    line: int
    text: str
    exception: bool
    pattern: Pattern


class IgnoreRules:
    """The rules of one ignore file, in order. Paths are those of a FileView; the root is never left out.

    A directory that is left out may still have something below it that an exception keeps.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self._exclusion = Exclusion([(rule.pattern, rule.exception) for rule in self.rules])

    @classmethod
    def parse(cls, text: str, name: str) -> IgnoreRules:
        """The rules that a file's text writes down. ContextError for a pattern that is none."""
        lines = text.removeprefix("\ufeff").split("\n")
        found = (_parse(line, number=number, name=name) for number, line in enumerate(lines, 1))
        return cls(rule for rule in found if rule)

    @property
    def has_exceptions(self) -> bool:
        """Whether a rule begins with `!`."""
        return any(rule.exception for rule in self.rules)

    @property
    def hides_all(self) -> bool:
        """Whether a rule leaves out whatever there is."""
        return any(not rule.exception and rule.pattern.text in _ALL for rule in self.rules)

    def excluded(self, path: str) -> bool:
        """Whether the rules leave a path out."""
        return self._exclusion.excluded(path)

    def judge(self, directory: str) -> Callable[[str], bool]:
        """`excluded` for paths that lie in one directory; faster for many of them."""
        return self._exclusion.judge(directory)

    def rule_for(self, path: str) -> tuple[int, str] | None:
        """The line number and text of the rule that leaves a path out; None where the path is kept."""
        number = self._exclusion.which(path)
        return (self.rules[number].line, self.rules[number].text) if number >= 0 else None

    def may_reinclude_below(self, directory: str) -> bool:
        """Whether an exception might keep something below a directory that is left out."""
        return self._exclusion.may_reinclude_below(directory)


def _parse(line: str, *, number: int, name: str) -> Rule | None:
    """The rule of a line; None for a comment or nothing."""
    text = line.strip()
    if line.startswith("#") or not text:
        return None
    pattern, exception = parsed(text, at=f"{name}:{number}")
    return Rule(number, text, exception, pattern)
