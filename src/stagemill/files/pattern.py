"""`Pattern`, one pattern of an ignore file or of `--exclude`; `Matcher`, many of them asked at once.

Source: moby/patternmatcher, `Pattern.compile`. In what it calls a regular expression, `[^a]` matches a slash, a circumflex
outside a set matches nothing, and `[[:digit:]]` is a set of digits. A backslash takes away a sign's meaning, also before
letters, where moby's would mean what Go's regular expressions mean by it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

from stagemill.errors import ContextError
from stagemill.files import glob, steps
from stagemill.files.steps import DEEP, REST, STAR, Steps
from stagemill.regex import regex
from stagemill.values import dataclass

Kind: TypeAlias = Literal["exact", "prefix", "suffix", "regex", "steps"]

_CLASSES = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "ascii": r"\x00-\x7f", "blank": r"\t ", "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9", "graph": "!-~", "lower": "a-z", "print": " -~", "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ", "upper": "A-Z", "word": "0-9A-Za-z_", "xdigit": "0-9A-Fa-f",
}  # fmt: skip
_CLASS = regex(r"\[:([a-z]+):]")
_TOKEN = regex(r"\*\*/?|\*|\?|\\.|\[|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Pattern:
    """`value` is what is compared: the whole text, its beginning, its end, or a regular expression.

    One that an expression of `re` may take for ever to match has `steps` instead.
    """

    text: str
    kind: Kind
    value: str
    steps: Steps | None = None

    def matches(self, path: str) -> bool:
        """Whether a path, not one of its parents, matches."""
        match self.kind:
            case "exact":
                return path == self.value
            case "prefix":
                return path.startswith(self.value)
            case "suffix":
                return path.endswith(self.value) or (self.value[:1] == "/" and path == self.value[1:])
            case "regex":
                return re.fullmatch(self.value, path) is not None
            case "steps":
                return self.steps is not None and self.steps.match(path)


def compiled(text: str, *, at: str) -> Pattern:
    """The pattern that a clean text writes down; ContextError, with the place `at` which it stands, where it is none."""
    try:
        glob.compiled(text)
        kind, parts = _translate(text)
    except ContextError as error:
        raise ContextError(f"{at}: {error.message}", hint=error.hint) from error
    expression = "".join(parts)
    if kind == "regex":
        try:
            re.compile(expression)
        except re.error as error:
            message = f'{at}: "{text}" is not a valid pattern: a range in it goes from high to low'
            raise ContextError(message, hint=_HINT) from error
        if steps.count(parts) > _MOST_OPEN:
            return Pattern(text, "steps", "", Steps.of(parts))
    values = {"exact": text, "prefix": text[:-2], "suffix": text[2:], "regex": expression}
    return Pattern(text, kind, values[kind])


_HINT = "a set in brackets holds characters and ranges from low to high"
_MOST_OPEN = 2
"""So many parts without a length of their own an expression has no trouble with, however long a path is."""


def _translate(text: str) -> tuple[Kind, list[str]]:
    """The kind of a pattern, and the parts of its regular expression, which only the kind `regex` needs."""
    kind: Kind = "exact"
    out: list[str] = []
    at = 0
    while found := _TOKEN.match(text, at):
        sign, begins = found.group(), at == 0
        at = found.end()
        if sign.startswith("**"):
            ends = at == len(text)
            kind = "suffix" if begins else "prefix" if ends and kind == "exact" else "regex"
            out.append(REST if ends else DEEP)
            continue
        if sign == "[":
            sign, at = _set(text, at)
        elif sign in {"*", "?"}:
            sign = STAR if sign == "*" else "[^/]"
        elif sign.startswith("\\"):
            sign = re.escape(sign[1:])
        else:
            out.append(sign if sign == "^" else re.escape(sign))
            kind = "regex" if sign == "]" else kind
            continue
        out.append(sign)
        kind = "regex"
    return kind, out


def _set(text: str, at: int) -> tuple[str, int]:
    """The regular expression of a set whose `[` was read, and where it ends; ContextError where that is nowhere."""
    begin = at - 1
    out = ["["]
    if text.startswith("^", at):
        out.append("^")
        at += 1
    while at < len(text) and text[at] != "]":
        named = _CLASS.match(text, at)
        if named and named.group(1) in _CLASSES:
            out.append(_CLASSES[named.group(1)])
            at = named.end()
            continue
        escaped = text[at] == "\\"
        at += escaped
        out.append("-" if text[at] == "-" and not escaped else re.escape(text[at]))
        at += 1
    if at == len(text):
        hint = "end the set with a `]` of its own, beside that of the class"
        raise ContextError(f'"{text}" is not a valid pattern: "{text[begin:]}" is not closed', hint=hint)
    return "".join([*out, "]"]), at + 1


class Matcher:
    """Many patterns at once: which is the last that matches a path. One look-up, two comparisons, one expression."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        numbered = list(enumerate(patterns))
        self._exact = {pattern.value: number for number, pattern in numbered if pattern.kind == "exact"}
        self._steps = [(number, pattern) for number, pattern in reversed(numbered) if pattern.kind == "steps"]
        others = [item for item in reversed(numbered) if item[1].kind not in {"exact", "steps"}]
        self._numbers = [number for number, _ in others]
        expression = "|".join(f"({_expression(pattern)})" for _, pattern in others)
        self._match: Callable[[str], re.Match[str] | None] | None = re.compile(expression).fullmatch if others else None

    def last(self, path: str) -> int:
        """The number of the last pattern that matches a path itself, or -1."""
        last = self._exact.get(path, -1)
        found = self._match(path) if self._match else None
        if found and found.lastindex is not None:
            last = max(last, self._numbers[found.lastindex - 1])
        return next((number for number, pattern in self._steps if number > last and pattern.matches(path)), last)


def _expression(pattern: Pattern) -> str:
    match pattern.kind:
        case "prefix":
            return f"{re.escape(pattern.value)}(?s:.*)"
        case "suffix":
            if pattern.value.startswith("/"):
                return f"(?s:.*/)?{re.escape(pattern.value[1:])}"
            return f"(?s:.*){re.escape(pattern.value)}"
        case _:
            return pattern.value
