"""`IgnoreRules`: which paths of a context its `.dockerignore` leaves out.

Source: moby/patternmatcher, and its use by BuildKit's client, which asks for a path after it has asked for all of its
parents. Where its functions differ from each other, the walk counts, for that is what images are built with:

- the last rule that matches decides; a rule that matches a directory matches all below it;
- a `!` rule is tried on a path only while the rules before it exclude that path, and a directory on which it was not
  tried passes on no match. So `a/x` followed by `!a` leaves `a/x` out;
- a rule that begins with `**` and holds no other sign of a pattern matches the ends of paths, not of names:
  `**foo` matches `xfoo`. One that ends with `**` and holds no other sign matches beginnings.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from stagemill.context.pattern import Matcher, Pattern, compiled
from stagemill.errors import ContextError

_ALL = {"*", "**", "**/*"}
_SIGNS = re.compile(r"[*?\[\\]")


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
        self._exception = tuple(rule.exception for rule in self.rules)
        self._matcher = Matcher([rule.pattern for rule in self.rules])
        self._beginnings = tuple(_beginning(rule.pattern.text) for rule in self.rules if rule.exception)
        self._inherited: dict[str, int] = {"": 0}

    @classmethod
    def parse(cls, text: str, name: str) -> IgnoreRules:
        """The rules that a file's text writes down. ContextError for a pattern that is none."""
        lines = text.removeprefix("\ufeff").split("\n")
        parsed = (_parse(line, number=number, name=name) for number, line in enumerate(lines, 1))
        return cls(rule for rule in parsed if rule)

    @property
    def has_exceptions(self) -> bool:
        """Whether a rule begins with `!`."""
        return any(self._exception)

    @property
    def hides_all(self) -> bool:
        """Whether a rule leaves out whatever there is."""
        return any(not rule.exception and rule.pattern.text in _ALL for rule in self.rules)

    def excluded(self, path: str) -> bool:
        """Whether the rules leave a path out."""
        return self._is_excluding(self._last(path))

    def judge(self, directory: str) -> Callable[[str], bool]:
        """`excluded` for paths that lie in one directory; faster for many of them."""
        inherited = self._inherit(directory).bit_length() - 1
        last, exception = self._matcher.last, self._exception
        if not any(exception):
            return (lambda _path: True) if inherited >= 0 else (lambda path: last(path) >= 0)

        def excluded(path: str) -> bool:
            number = max(inherited, last(path))
            return number >= 0 and not exception[number]

        return excluded

    def rule_for(self, path: str) -> tuple[int, str] | None:
        """The line number and text of the rule that leaves a path out; None where the path is kept."""
        last = self._last(path)
        return (self.rules[last].line, self.rules[last].text) if self._is_excluding(last) else None

    def may_reinclude_below(self, directory: str) -> bool:
        """Whether an exception might keep something below a directory that is left out."""
        inside = f"{directory}/"
        return any(inside.startswith(start) or start.startswith(inside) for start in self._beginnings)

    def _is_excluding(self, last: int) -> bool:
        return last >= 0 and not self._exception[last]

    def _last(self, path: str) -> int:
        """The number of the last rule that matches a path or one of its parents, -1 where none does."""
        if not path:
            return -1
        inherited = self._inherit(path[: max(path.rfind("/"), 0)])
        return max(inherited.bit_length() - 1, self._matcher.last(path))

    def _inherit(self, directory: str) -> int:
        """The rules, as bits, that match all below a directory."""
        bits = self._inherited.get(directory)
        if bits is not None:
            return bits
        bits, names = 0, directory.split("/")
        for depth in range(len(names)):
            path = "/".join(names[: depth + 1])
            known = self._inherited.get(path)
            bits = self._inherited[path] = self._within(path, bits) if known is None else known
        return bits

    def _within(self, directory: str, above: int) -> int:
        bits, excluded = 0, False
        for number, rule in enumerate(self.rules):
            matched = bool(above >> number & 1)
            if not matched and rule.exception == excluded:
                matched = rule.pattern.matches(directory)
            if matched:
                bits |= 1 << number
                excluded = not rule.exception
        return bits


def _parse(line: str, *, number: int, name: str) -> Rule | None:
    """The rule of a line; None for a comment or nothing."""
    text = line.strip()
    if line.startswith("#") or not text:
        return None
    exception = text.startswith("!")
    body = text[1:].strip() if exception else text
    at = f"{name}:{number}"
    if exception and body in {"", "/"}:
        raise ContextError(f'{at}: "{text}" is an exception from nothing', hint="write a pattern after the `!`")
    return Rule(number, text, exception, compiled(_clean(body), at=at))


def _clean(pattern: str) -> str:
    """A pattern in its shortest form, from the context's root; `..` at its beginning stays and so matches nothing."""
    shortest = posixpath.normpath(re.sub("/+", "/", pattern))
    return shortest.removeprefix("/") or "/"


def _beginning(pattern: str) -> str:
    """The directories that a pattern writes down without a sign: what it matches is in them, or is one of them."""
    sign = _SIGNS.search(pattern)
    if not sign:
        return f"{pattern}/"
    return pattern[: pattern.rfind("/", 0, sign.start()) + 1]
