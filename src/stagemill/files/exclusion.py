"""`Exclusion`: which paths of a tree a list of patterns leaves out, as an ignore file and `--exclude` mean it.

Source: moby/patternmatcher, and its use by BuildKit, which asks for a path after it has asked for all of its parents.
Where its functions differ from each other, the walk counts, for that is what images are built with:

- the last pattern that matches decides; one that matches a directory matches all below it;
- an exception (`!`) is tried on a path only while the patterns before it exclude that path, and a directory on which it
  was not tried passes on no match. So `a/x` followed by `!a` leaves `a/x` out;
- a pattern that begins with `**` and holds no other sign matches the ends of paths, not of names: `**foo` matches
  `xfoo`. One that ends with `**` and holds no other sign matches beginnings.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence
from typing import Self

from stagemill.errors import ContextError
from stagemill.files.pattern import Matcher, Pattern, compiled
from stagemill.regex import regex

_SIGNS = regex(r"[*?\[\\]")


class Exclusion:
    """Patterns in order, each with whether it is an exception. The root is never left out.

    A directory that is left out may still have something below it that an exception keeps.
    """

    def __init__(self, patterns: Sequence[tuple[Pattern, bool]]) -> None:
        self._patterns = tuple(patterns)
        self._exception = tuple(exception for _, exception in patterns)
        self._matcher = Matcher([pattern for pattern, _ in patterns])
        self._beginnings = tuple(_beginning(pattern.text) for pattern, exception in patterns if exception)
        self._inherited: dict[str, int] = {"": 0}

    @classmethod
    def of(cls, texts: Sequence[str], *, name: str) -> Self:
        """What the texts write down; `name` is what they were given to. ContextError for a pattern that is none."""
        found = [parsed(text, at=name) for text in map(str.strip, texts) if text]
        return cls(found)

    def excluded(self, path: str) -> bool:
        """Whether the patterns leave a path out."""
        return self.which(path) >= 0

    def which(self, path: str) -> int:
        """The number of the pattern that leaves a path out, -1 where none does."""
        last = self._last(path)
        return last if last >= 0 and not self._exception[last] else -1

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

    def may_reinclude_below(self, directory: str) -> bool:
        """Whether an exception might keep something below a directory that is left out."""
        return _any_inside(self._beginnings, directory)

    def _last(self, path: str) -> int:
        """The number of the last pattern that matches a path or one of its parents, -1 where none does."""
        if not path:
            return -1
        inherited = self._inherit(path[: max(path.rfind("/"), 0)])
        return max(inherited.bit_length() - 1, self._matcher.last(path))

    def _inherit(self, directory: str) -> int:
        """The patterns, as bits, that match all below a directory."""
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
        for number, (pattern, exception) in enumerate(self._patterns):
            matched = bool(above >> number & 1)
            if not matched and exception == excluded:
                matched = pattern.matches(directory)
            if matched:
                bits |= 1 << number
                excluded = not exception
        return bits


class Inclusion:
    """One pattern, and all that is below what it matches; an empty one matches everything."""

    def __init__(self, pattern: str) -> None:
        self._selected = Exclusion([(compiled(pattern, at="--parents"), False)] if pattern else [])
        self._everything = not pattern
        self._beginnings = (_beginning(pattern),)

    def included(self, path: str) -> bool:
        return self._everything or self._selected.excluded(path)

    def may_include_below(self, directory: str) -> bool:
        return self._everything or _any_inside(self._beginnings, directory)


def parsed(text: str, *, at: str) -> tuple[Pattern, bool]:
    """The pattern that a text without blanks around it writes down, and whether it is an exception. ContextError for none."""
    exception = text.startswith("!")
    body = text[1:].strip() if exception else text
    if exception and body in {"", "/"}:
        raise ContextError(f'{at}: "{text}" is an exception from nothing', hint="write a pattern after the `!`")
    return compiled(_clean(body), at=at), exception


def _clean(pattern: str) -> str:
    """A pattern in its shortest form, from the tree's root; `..` at its beginning stays and so matches nothing."""
    shortest = posixpath.normpath(re.sub("/+", "/", pattern))
    return shortest.removeprefix("/") or "/"


def _beginning(pattern: str) -> str:
    """The directories that a pattern writes down without a sign: what it matches is in them, or is one of them."""
    sign = _SIGNS.search(pattern)
    if not sign:
        return f"{pattern}/"
    return pattern[: pattern.rfind("/", 0, sign.start()) + 1]


def _any_inside(beginnings: Sequence[str], directory: str) -> bool:
    inside = f"{directory}/"
    return any(inside.startswith(start) or start.startswith(inside) for start in beginnings)
