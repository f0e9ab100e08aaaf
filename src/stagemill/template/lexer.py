"""Template text to pieces: text as it is written, and actions as tokens. Whitespace beside `{{-` and `-}}` is gone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

from stagemill.regex import regex
from stagemill.template.failure import failed
from stagemill.values import dataclass

_SPACE = " \t\r\n"
_OPEN = regex(r"\{\{(?P<trims>-(?=[ \t\r\n]))?")
_CLOSE = regex(r"(?P<trims>[ \t\r\n]-)?\}\}")
_COMMENT = regex(r"[ \t\r\n]*/\*")
_TOKEN = regex(
    r"""(?P<field>\.[^\W\d]\w*)
    |(?P<dot>\.)
    |(?P<variable>\$\w*)
    |(?P<word>[^\W\d]\w*)
    |(?P<number>[+-]?(?:0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|[0-9][0-9_]*(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?))
    |(?P<string>"(?:\\.|[^"\\\n])*")
    |(?P<raw>`[^`]*`)
    |(?P<char>'(?:\\.[^'\n]*|[^'\\\n])')
    |(?P<sign>:=|[=|(),])""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is one of the pattern's names, or `end`; `glued` where nothing stands between it and the one before."""

    kind: str
    text: str
    at: int
    glued: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """What stands between braces; the last token is its end."""

    tokens: tuple[Token, ...]
    at: int


Piece: TypeAlias = str | Action


def pieces(text: str) -> Iterator[Piece]:
    """Text and actions by turns, comments left out. Raises TemplateError."""
    at, trims = 0, False
    while opening := _OPEN.search(text, at):
        before = text[at : opening.start()]
        yield _trimmed(before, start=trims, end=bool(opening["trims"]))
        if comment := _COMMENT.match(text, opening.end()):
            closing = _comment_end(text, comment.end(), opening.start())
        else:
            tokens, closing = _tokens(text, opening.end(), opening.start())
            yield Action(tokens, opening.start())
        at, trims = closing.end(), bool(closing["trims"])
    yield _trimmed(text[at:], start=trims, end=False)


def _trimmed(text: str, *, start: bool, end: bool) -> str:
    text = text.lstrip(_SPACE) if start else text
    return text.rstrip(_SPACE) if end else text


def _comment_end(text: str, at: int, opened: int) -> re.Match[str]:
    end = text.find("*/", at)
    closing = _CLOSE.match(text, end + 2) if end >= 0 else None
    if closing is None:
        hint = "a comment is alone in its braces: {{/* … */}}"
        raise failed(text, opened, "the comment does not end", length=2, hint=hint)
    return closing


def _tokens(text: str, at: int, opened: int) -> tuple[tuple[Token, ...], re.Match[str]]:
    """The tokens of an action, and where it closes."""
    found: list[Token] = []
    glued = False
    while True:
        if closing := _CLOSE.match(text, at):
            return (*found, Token("end", "}}", closing.start())), closing
        if at >= len(text):
            raise failed(text, opened, "the action does not end", length=2, hint="close it with }}")
        if text[at] in _SPACE:
            at, glued = at + 1, False
            continue
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise _unreadable(text, at)
        found.append(Token(match.lastgroup, match[0], at, glued))
        at, glued = match.end(), True


def _unreadable(text: str, at: int) -> Exception:
    quote = {'"': "the text in quotes", "`": "the text in backticks", "'": "the character"}.get(text[at])
    if quote:
        return failed(text, at, f"{quote} does not end", hint=f"close it with {text[at]}")
    return failed(text, at, f"{text[at]!r} has no meaning here")
