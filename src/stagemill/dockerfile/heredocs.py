"""Heredocs: `<<NAME` in the line of an instruction, and the lines below it up to NAME.

`<<-` strips leading tabs, a quoted part of the name keeps variables from being expanded, a number before `<<` is the
descriptor (BuildKit, frontend/dockerfile/parser/parser.go; POSIX shell, section 2.7.4).
"""

from __future__ import annotations

import re

from stagemill.dockerfile.expansion import SPACES, ExpansionError, unquote
from stagemill.dockerfile.lines import LineReader, LogicalLine
from stagemill.dockerfile.source import Source, quoted
from stagemill.dockerfile.tree import Heredoc
from stagemill.errors import DockerfileError
from stagemill.regex import regex
from stagemill.values import dataclass

_OPERATOR = regex(r"([0-9]*)<<(-?+)[ \t\r]*+([^<]+)\Z")
_WORD = regex(
    rf"""(?:'[^']*+'|"(?:\\.|[^"\\])*+"|\\.|\\\Z|<<[ \t\r]*+|[^{SPACES}'"\\<]++|<)++|[{SPACES}]++""",
    re.DOTALL,
)
_QUOTING = regex(r"""\\.|(['"])""", re.DOTALL)
_LEADING_TABS = regex(r"^\t+", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Opening:
    """What `<<NAME` says; `start` is its offset in the line."""

    name: str
    expand: bool
    strip_tabs: bool
    descriptor: int
    start: int
    end: int


def opening(text: str, *, start: int = 0) -> Opening | None:
    """Reads a word that is nothing but the operator and the name of a heredoc; None for any other word."""
    match = _OPERATOR.match(text)
    if match is None:
        return None
    name = match[3]
    words = list(_WORD.finditer(name))
    if len(words) != 1 or words[0].end() != len(name) or words[0].group()[0] in SPACES:
        return None
    try:
        plain = unquote(name)
    except ExpansionError:
        return None
    if not plain:
        return None
    quotes = any(found[1] for found in _QUOTING.finditer(name))
    descriptor = int(match[1][-9:] or "0")
    return Opening(plain, not quotes, bool(match[2]), descriptor, start, start + len(text))


def openings(text: str, start: int = 0) -> list[Opening]:
    """The heredocs that a line opens, from left to right; none where a quote in the line stays open."""
    found: list[Opening] = []
    at = start
    while at < len(text):
        match = _WORD.match(text, at)
        if match is None:
            return []
        opened = opening(match.group(), start=at)
        if opened:
            found.append(opened)
        at = match.end()
    return found


def read(reader: LineReader, line: LogicalLine, source: Source) -> tuple[Heredoc, ...]:
    """Reads the bodies that the line asks for. DockerfileError where one does not end."""
    return tuple(_body(reader, line, opened=opened, source=source) for opened in openings(line.text))


def _body(reader: LineReader, line: LogicalLine, *, opened: Opening, source: Source) -> Heredoc:
    body = reader.read_until(opened.name, strip_tabs=opened.strip_tabs)
    if body is None:
        raise DockerfileError(
            f"the heredoc {quoted(opened.name)} does not end",
            at=source.excerpt(line.span(opened.start, opened.end)),
            hint=_hint(reader, opened),
        )
    raw, span = body
    content = _LEADING_TABS.sub("", raw) if opened.strip_tabs else raw
    return Heredoc(opened.name, content, opened.expand, opened.strip_tabs, span, opened.descriptor, raw)


def _hint(reader: LineReader, opened: Opening) -> str:
    for index in range(reader.at, len(reader.lines)):
        if reader.lines[index].strip(SPACES) == opened.name:
            return f"line {index + 1} would end it if there were no blanks around {quoted(opened.name)}"
    return f"end it with a line that is nothing but {quoted(opened.name)}"
