"""`Source`, the text of a Dockerfile with its name, and `Span`, a stretch of it."""

from __future__ import annotations

from functools import lru_cache

from stagemill.errors import Excerpt, masked
from stagemill.regex import regex
from stagemill.values import dataclass

BOM = "\ufeff"

_UNPRINTABLE = regex(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Span:
    """From one place to another; lines and columns count characters from 1, the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int

    def at(self, offset: int, length: int = 1) -> Span:
        """`length` characters, `offset` characters into a span of one line; the span itself where it has several lines."""
        if self.line != self.end_line:
            return self
        start = min(self.column + offset, self.end_column)
        return Span(self.line, start, self.line, start + length)

    def to(self, other: Span) -> Span:
        """From the start of this one to the end of the other."""
        return Span(self.line, self.column, other.end_line, other.end_column)


@dataclass(frozen=True, slots=True)
class Source:
    """`text` is all of the file; bytes that are no UTF-8 are lone surrogates in it (PEP 383)."""

    name: str
    text: str

    def lines(self) -> list[str]:
        """The lines without their line feeds; a byte order mark is no part of the first one."""
        return list(_lines(self.text))

    def excerpt(self, span: Span) -> Excerpt:
        """The first line of a span, fit to be shown: what cannot be printed is replaced, the columns stay right."""
        lines = _lines(self.text)
        line = min(max(span.line, 1), len(lines))
        text = lines[line - 1].rstrip("\r")
        end = span.end_column if span.end_line == span.line else len(text) + 1
        return Excerpt(
            file=self.name,
            line=line,
            column=span.column,
            length=max(1, end - span.column),
            text=printable(text),
        )


@lru_cache(maxsize=8)
def _lines(text: str) -> tuple[str, ...]:
    """Split once, however many places of a file are shown."""
    return tuple(text.removeprefix(BOM).split("\n"))


def printable(text: str) -> str:
    """The same number of characters, each of which a terminal shows; tabs stay."""
    return _UNPRINTABLE.sub("\ufffd", text)


def quoted(text: str, limit: int = 60) -> str:
    """A piece of a Dockerfile as an error message shows it."""
    text = masked(text)
    shown = text if len(text) <= limit else text[: limit - 1] + "…"
    return f"`{printable(shown)}`"
