"""How the arguments of an instruction fall into words: at blanks, at blanks outside of quotes, or as a JSON array."""

from __future__ import annotations

import json
import re
from functools import lru_cache

from stagemill.dockerfile.expansion import SPACES
from stagemill.dockerfile.lines import LogicalLine
from stagemill.dockerfile.tree import Word
from stagemill.regex import regex

_BARE = regex(r"[^\t\v\f\r ]+")
_SURROGATE = regex("[\ud800-\udfff]")
_STRING = regex(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)


def split(line: LogicalLine, start: int, end: int) -> list[Word]:
    """Words between blanks; quotes mean nothing."""
    return [Word(m.group(), line.span(*m.span())) for m in _BARE.finditer(line.text, start, end)]


def split_quoted(line: LogicalLine, start: int, end: int, *, escape: str) -> list[Word]:
    """Words between blanks that are neither quoted nor escaped; quotes and escapes stay in them."""
    found: list[Word] = []
    for match in quoted_word(escape).finditer(line.text, start, end):
        text = match.group()
        if match["lone"] or match["open"]:
            text = text[:-1]
        if text:
            found.append(Word(text, line.span(match.start(), match.start() + len(text))))
    return found


@lru_cache(maxsize=4)
def quoted_word(escape: str) -> re.Pattern[str]:
    """One such word. An open quote reaches to the end; `lone` is an escape character with nothing after it."""
    e = re.escape(escape)
    return re.compile(
        rf"(?:'[^']*+(?:'|\Z)|\"(?:{e}.|[^\"{e}])*+(?:\"|(?P<open>{e})?\Z)|{e}.|[^{SPACES}'\"{e}]++|(?P<lone>{e}\Z))++",
        re.DOTALL,
    )


def json_array(text: str) -> list[str] | None:
    """The strings of a JSON array, or None where the text is no JSON array. ValueError where a member is no string, or holds NUL."""
    stripped = text.lstrip(SPACES)
    if not stripped.startswith("["):
        return None
    try:
        members: list[object] = json.loads(stripped, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    strings = [member for member in members if isinstance(member, str)]
    if len(strings) < len(members):
        raise ValueError("a member of the JSON array is no string")
    if any("\0" in string for string in strings):
        raise ValueError("a member of the JSON array holds the character NUL")
    return [_SURROGATE.sub("\ufffd", string) for string in strings]


def json_words(line: LogicalLine, start: int, end: int) -> list[Word] | None:
    """Like `json_array`, with places."""
    strings = json_array(line.text[start:end])
    if strings is None:
        return None
    literals = _STRING.finditer(line.text, start, end)
    return [Word(string, line.span(*literal.span())) for string, literal in zip(strings, literals, strict=True)]


def _refuse(name: str) -> None:
    raise ValueError(name)
