"""Shell patterns over a tree, with the rules of Go's `path/filepath.Match`, on which Dockerfiles depend.

`*` and `?` never match `/`; `[a-z]` and `[^a-z]` are sets; a backslash, or a set of one, takes away a sign's meaning.
"""

from __future__ import annotations

import re
from functools import lru_cache

from stagemill.errors import ContextError
from stagemill.files.paths import clean, join, resolve
from stagemill.files.view import FileView
from stagemill.regex import regex

_SET_END = "]"
_SIGN = regex(r"\\.|([*?\[])", re.DOTALL)


def is_pattern(text: str) -> bool:
    """Whether a text has a sign of a pattern that no backslash precedes."""
    return any(found.group(1) for found in _SIGN.finditer(text))


def escaped(text: str) -> str:
    """The pattern that matches the path a text names, whatever signs are in it."""
    return re.sub(r"[*?\[\\]", _alone, text) if is_pattern(text) else text


def _alone(sign: re.Match[str]) -> str:
    return "[\\\\]" if sign[0] == "\\" else f"[{sign[0]}]"


def expand(view: FileView, pattern: str) -> list[str]:
    """The paths of the tree that a pattern matches, in the order of a walk; none is no error.

    Components before the first one with a sign follow symlinks; those after it do not. Raises ContextError for a
    pattern that is none.
    """
    names = clean(pattern).split("/")
    literal = next((i for i, name in enumerate(names) if is_pattern(name)), len(names))
    found = [resolve(view, "/".join(names[:literal]))] if literal else [""]
    for name in names[literal:]:
        matcher = compiled(name)
        found = [join(path, child) for path in found for child in view.listdir(path) if matcher.fullmatch(child)]
    return [path for path in found if view.lstat(path)]


@lru_cache(maxsize=512)
def compiled(pattern: str) -> re.Pattern[str]:
    """The regular expression of one component of a pattern; ContextError where the pattern is none.

    Matching takes time in proportion to pattern times name: a star that is not the last needs its earliest match only.
    """
    pieces = [""]
    at = 0
    while at < len(pattern):
        sign = pattern[at]
        if sign == "[":
            text, at = _set(pattern, at)
            pieces[-1] += text
            continue
        if sign == "\\":
            at += 1
            if at == len(pattern):
                raise _bad(pattern, "it ends with a backslash")
            pieces[-1] += re.escape(pattern[at])
        elif sign == "*":
            pieces.append("")
        else:
            pieces[-1] += "[^/]" if sign == "?" else re.escape(sign)
        at += 1
    first, *rest = pieces
    last = [f"[^/]*{rest.pop()}"] if rest else []
    return re.compile("".join([first, *(f"(?>[^/]*?{piece})" for piece in rest), *last]), re.DOTALL)


def _set(pattern: str, start: int) -> tuple[str, int]:
    at = start + 1
    negated = pattern.startswith("^", at)
    at += negated
    ranges: list[tuple[str, str]] = []
    while not ranges or not pattern.startswith(_SET_END, at):
        low, at = _member(pattern, at)
        high = low
        if pattern.startswith("-", at):
            high, at = _member(pattern, at + 1)
        ranges.append((low, high))
    members = "".join(f"{re.escape(low)}-{re.escape(high)}" for low, high in ranges if low <= high)
    if not members:  # only ranges such as [z-a]: nothing is in them
        return ("[^/]" if negated else "(?!)"), at + 1
    return (f"[^/{members}]" if negated else f"(?!/)[{members}]"), at + 1


def _member(pattern: str, at: int) -> tuple[str, int]:
    sign = pattern[at : at + 1]
    if sign == "\\":
        at += 1
        sign = pattern[at : at + 1]
    elif sign in {"-", _SET_END}:
        raise _bad(pattern, "a set has nothing where a character is due")
    if not sign:
        raise _bad(pattern, "a set that `[` begins is not closed")
    return sign, at + 1


def _bad(pattern: str, why: str) -> ContextError:
    return ContextError(f'"{pattern}" is not a valid pattern: {why}', hint="write [[] for a name that holds a `[`")
