"""`LogicalLine`, the text of one instruction in one piece, and `LineReader`, which joins it from the lines of a file.

A line that ends with the escape character, and blanks after it, goes on in the next one; comments and blank lines between
do not end it. Two escape characters at the end are no continuation (BuildKit, frontend/dockerfile/parser).
"""

from __future__ import annotations

from bisect import bisect_right

from stagemill.dockerfile.expansion import SPACES
from stagemill.dockerfile.source import BOM, Source, Span
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class LogicalLine:
    """`offsets` are where its pieces begin in `text`, `places` the line and column of each; `first` is the index of its line."""

    text: str
    offsets: tuple[int, ...]
    places: tuple[tuple[int, int], ...]
    first: int
    comments: tuple[str, ...]

    def span(self, start: int, end: int) -> Span:
        """Where the characters from `start` to `end` stand in the file."""
        line, column = self._place(start)
        if end <= start:
            return Span(line, column, line, column)
        end_line, end_column = self._place(end - 1)
        return Span(line, column, end_line, end_column + 1)

    def _place(self, offset: int) -> tuple[int, int]:
        piece = bisect_right(self.offsets, offset) - 1
        line, column = self.places[piece]
        return line, column + offset - self.offsets[piece]


class LineReader:
    """Reads a file once from top to bottom; `at` is the index of the next line."""

    def __init__(self, source: Source, *, escape: str, directives: int) -> None:
        self.lines = source.lines()
        self.at = 0
        self.blank: list[int] = []
        self._ends_with_newline = self.lines[-1] == ""
        if self._ends_with_newline:
            self.lines.pop()
        self._escape = escape
        self._directives = directives
        self._bom = BOM if source.text.startswith(BOM) else ""

    def read(self) -> LogicalLine | None:
        """The next instruction's line, or None at the end of the file."""
        comments: list[str] = []
        while self.at < len(self.lines):
            line = self.lines[self.at].rstrip("\r")
            text = line.lstrip(SPACES)
            if text and text[0] != "#":
                return self._join(text, column=len(line) - len(text) + 1, comments=comments)
            if text and self.at >= self._directives:
                comment = text[1:].strip(SPACES)
                if comment:
                    comments.append(comment)
                else:
                    comments.clear()
            self.at += 1
        return None

    def _join(self, text: str, *, column: int, comments: list[str]) -> LogicalLine:
        first = self.at
        pieces: list[str] = []
        offsets: list[int] = []
        places: list[tuple[int, int]] = []
        length = 0
        following: str | None = text
        while following is not None:
            piece, goes_on = self._cut(following)
            pieces.append(piece)
            offsets.append(length)
            places.append((self.at + 1, column))
            length += len(piece)
            column = 1
            self.at += 1
            following = self._continuation() if goes_on else None
        return LogicalLine("".join(pieces), tuple(offsets), tuple(places), first, tuple(comments))

    def _cut(self, text: str) -> tuple[str, bool]:
        """The text without its continuation character, and whether there was one."""
        bare = text.rstrip(" \t")
        if bare.endswith(self._escape) and bare[-2:-1] != self._escape:
            return bare[:-1], True
        return text, False

    def _continuation(self) -> str | None:
        """The next line that is neither blank nor a comment, with its leading blanks."""
        while self.at < len(self.lines):
            line = self.lines[self.at].rstrip("\r")
            text = line.lstrip(SPACES)
            if text and text[0] != "#":
                return line
            self.at += 1
            if not text:
                self.blank.append(self.at)
        return None

    def read_until(self, terminator: str, *, strip_tabs: bool) -> tuple[str, Span] | None:
        """The lines of a heredoc, and past the one that ends it; None, and nothing read, where there is no such line."""
        for index in range(self.at, len(self.lines)):
            line = self.lines[index].rstrip("\r")
            if (line.lstrip("\t") if strip_tabs else line) == terminator:
                body = self.slice(self.at, index)
                span = Span(self.at + 1, 1, index + 1, 1)
                self.at = index + 1
                return body, span
        return None

    def slice(self, start: int, end: int) -> str:
        """The text of some lines as it is in the file, line ends and all."""
        if end <= start:
            return "" if self.lines else self._bom
        text = "\n".join(self.lines[start:end])
        newline = "\n" if end < len(self.lines) or self._ends_with_newline else ""
        return (self._bom if start == 0 else "") + text + newline
