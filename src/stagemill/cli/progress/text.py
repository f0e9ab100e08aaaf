"""Text as a terminal shows it: lines out of bytes, harmless characters, widths in cells, amounts and times."""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from unicodedata import category, east_asian_width

from stagemill.regex import regex

LONGEST_LINE = 16_384
"""Characters. What has no end by then is taken for a line."""

_DECODER = getincrementaldecoder("utf-8")
_SEQUENCE = regex(
    r"""
      (?: \x1b\[ | \x9b ) [0-?]* [ -/]* (?: [@-~] | $ )               # control sequences: colours, cursor
    | (?: \x1b[\]PX^_] | [\x90\x98\x9d-\x9f] ) [^\x07\x1b\x9c]* (?: \x07 | \x1b\\ | \x9c | $ )?  # strings: titles, links
    | \x1b [ -/]* (?: [0-~] | $ )                                        # other escapes
    """,
    re.VERBOSE,
)
_HARMFUL = regex("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_ELLIPSIS = "…"


class Lines:
    """Makes lines of the bytes of one stream. A carriage return begins the line anew, as on a terminal."""

    def __init__(self) -> None:
        self._decoder = _DECODER("replace")
        self._rest = ""

    @property
    def partial(self) -> str:
        """The line that has not ended yet, as a terminal would show it."""
        return _overwritten(self._rest)

    def feed(self, data: bytes) -> list[str]:
        """The lines that end in `data`, without their ends."""
        *lines, rest = (self._rest + self._decoder.decode(data)).split("\n")
        self._rest = _after_return(rest)
        lines = [_overwritten(line) for line in lines]
        while len(self._rest) > LONGEST_LINE:
            lines.append(self._rest[:LONGEST_LINE])
            self._rest = self._rest[LONGEST_LINE:]
        return lines

    def end(self) -> list[str]:
        """What is left when the stream ends: one line, or none."""
        rest = _overwritten(self._rest + self._decoder.decode(b"", final=True))
        self._rest = ""
        return [rest] if rest else []


def _after_return(line: str) -> str:
    """What of an open line may still be seen: a return at the very end has not overwritten anything yet."""
    body = line.rstrip("\r")
    return body[body.rfind("\r") + 1 :] + line[len(body) :][:1]


def _overwritten(line: str) -> str:
    body = line.rstrip("\r")
    return body[body.rfind("\r") + 1 :]


def harmless(text: str) -> str:
    """One line without anything that would do more than show characters: no colours, cursor movements, titles."""
    if text.isascii() and text.isprintable():
        return text
    text = _SEQUENCE.sub("", text).replace("\n", " ").expandtabs(8)
    return _HARMFUL.sub("", text)


def cells(text: str) -> int:
    """How many columns a harmless text takes: wide characters two, combining ones none."""
    return len(text) if text.isascii() else sum(map(_cell, text))


def _cell(character: str) -> int:
    if category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if east_asian_width(character) in {"W", "F"} else 1


def clip(text: str, width: int, *, mark: str = _ELLIPSIS) -> str:
    """The text if it fits in `width` columns, else its beginning with `mark` at the end."""
    if cells(text) <= width:
        return text
    room = width - cells(mark)
    if room < 0:
        return ""
    used = 0
    for place, character in enumerate(text):
        used += _cell(character)
        if used > room:
            return text[:place] + mark
    return text


def amount(size: int) -> str:
    """`999B`, `1.50kB`, `12.58MB`: decimal units, as BuildKit writes them."""
    if size < 1000:
        return f"{size}B"
    value = float(size)
    for unit in ("kB", "MB", "GB", "TB"):
        value /= 1000
        if value < 999.995:
            return f"{value:.2f}{unit}"
    return f"{value / 1000:.2f}PB"


def progress(current: int, total: int | None) -> str:
    """`12.58MB / 30.00MB`, `12.58MB` where nobody knows the total, nothing where there is nothing yet."""
    if total:
        return f"{amount(current)} / {amount(total)}"
    return amount(current) if current else ""
