"""Patterns of `${v#p}`, `${v%p}` and `${v/p/r}`: `*` is any text, `?` any character, neither across a line end.

A parsed pattern is a list of tokens: `*`, `?`, or a literal character behind a backslash.
Matching takes time in proportion to pattern times text: a star that is not the last needs its earliest match only.
"""

from __future__ import annotations

import re
from functools import lru_cache

_ESCAPABLE = "*?\\}/"


def parse(text: str) -> list[str]:
    """ValueError where a backslash stands before a character that it cannot escape."""
    tokens: list[str] = []
    at = 0
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 1
            char = text[at : at + 1]
            if not char or char not in _ESCAPABLE:
                raise ValueError(f"`\\{char}` is no escape of a pattern")
            tokens.append("\\" + char)
        else:
            tokens.append(char if char in "*?" else "\\" + char)
        at += 1
    return tokens


def without_prefix(tokens: list[str], value: str, *, longest: bool) -> str:
    match = _compile(tuple(tokens), longest=longest).match(value)
    return value[match.end() :] if match else value


def without_suffix(tokens: list[str], value: str, *, longest: bool) -> str:
    return without_prefix(tokens[::-1], value[::-1], longest=longest)[::-1]


def replace(tokens: list[str], value: str, replacement: str, *, everywhere: bool) -> str:
    """The first match, or every one, each the longest from where it begins, is replaced by the text as it is."""
    pieces: list[str] = []
    at = 0
    last_end = -1
    for match in _compile(tuple(tokens), longest=True).finditer(value):
        if match.start() == match.end() == last_end:
            continue
        pieces += (value[at : match.start()], replacement)
        at = last_end = match.end()
        if not everywhere:
            break
    return "".join(pieces) + value[at:]


@lru_cache(maxsize=64)
def _compile(tokens: tuple[str, ...], *, longest: bool) -> re.Pattern[str]:
    segments = [""]
    stars = 0
    for item in tokens:
        if item == "*":
            stars += 1
            segments.append("")
        else:
            segments[-1] += "." if item == "?" else re.escape(item[1:])
    first, *rest = segments
    groups = [
        f"(?>.*{segment})" if longest and number == stars else f"(?>.*?{segment})"
        for number, segment in enumerate(rest, start=1)
    ]
    return re.compile(first + "".join(groups))
