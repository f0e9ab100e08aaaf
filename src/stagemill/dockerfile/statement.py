"""`Statement`, one instruction cut into keyword, flags and arguments, before anybody asks what the arguments mean."""

from __future__ import annotations

from dataclasses import replace
from typing import TypedDict

from stagemill.dockerfile import words
from stagemill.dockerfile.expansion import SPACES
from stagemill.dockerfile.flags import Flags, read
from stagemill.dockerfile.lines import LogicalLine
from stagemill.dockerfile.source import Source, Span
from stagemill.dockerfile.tree import Command, Flag, Heredoc, Word
from stagemill.errors import DockerfileError
from stagemill.regex import regex
from stagemill.values import dataclass

_KEYWORD = regex(r"[^\t\v\f\r ]*")
_EXAMPLES = {"USER": "app", "WORKDIR": "/app", "STOPSIGNAL": "SIGINT", "MAINTAINER": "me@example.com"}


class Common(TypedDict):
    """The arguments that all instructions are made with."""

    span: Span
    keyword: str
    flags: tuple[Flag, ...]
    original: str
    comments: tuple[str, ...]
    leading: str
    raw: str


@dataclass(frozen=True, slots=True)
class Statement:
    """The arguments are `line.text[start:end]`; the instruction begins at `begin`. `written` is the keyword as written."""

    source: Source
    line: LogicalLine
    escape: str
    written: str
    begin: int
    given: tuple[Flag, ...]
    start: int
    end: int
    span: Span
    heredocs: tuple[Heredoc, ...] = ()
    comments: tuple[str, ...] = ()
    leading: str = ""
    raw: str = ""

    @classmethod
    def cut(cls, line: LogicalLine, begin: int, *, source: Source, escape: str) -> Statement:
        """DockerfileError for a flag with an open quote."""
        text = line.text
        end = max(begin, len(text.rstrip(SPACES)))
        begin = end - len(text[begin:end].lstrip(SPACES))
        match = _KEYWORD.match(text, begin, end)
        after = match.end() if match else begin
        given, start = read(line, after, end=end, escape=escape, source=source)
        return cls(source, line, escape, text[begin:after], begin, given, start, end, line.span(begin, end))

    def inner(self) -> Statement:
        """The statement that the arguments are, as ONBUILD's trigger."""
        cut = Statement.cut(self.line, self.start, source=self.source, escape=self.escape)
        return replace(cut, heredocs=self.heredocs, span=cut.span.to(self.span))

    @property
    def keyword(self) -> str:
        return self.written.upper()

    @property
    def arguments(self) -> str:
        return self.line.text[self.start : self.end]

    @property
    def place(self) -> Span:
        """Where the arguments stand, or the keyword where there are none."""
        return self.line.span(self.start, self.end) if self.start < self.end else self.keyword_span

    @property
    def keyword_span(self) -> Span:
        return self.line.span(self.begin, self.begin + len(self.written))

    def common(self) -> Common:
        return Common(
            span=self.span,
            keyword=self.keyword,
            flags=self.given,
            original=self.line.text[self.begin : self.end],
            comments=self.comments,
            leading=self.leading,
            raw=self.raw,
        )

    def error(self, message: str, *, at: Span | None = None, hint: str | None = None) -> DockerfileError:
        """At some place, or at the arguments."""
        return DockerfileError(message, at=self.source.excerpt(at or self.place), hint=hint)

    def checked(self) -> Flags:
        """The flags, each known and well-formed. DockerfileError where one is not."""
        return Flags.check(self.keyword, self.given, source=self.source)

    def split(self) -> list[Word]:
        return words.split(self.line, self.start, self.end)

    def split_quoted(self) -> list[Word]:
        return words.split_quoted(self.line, self.start, self.end, escape=self.escape)

    def paths(self) -> tuple[list[Word], bool]:
        """The words of a JSON array, or those between blanks, and whether it was JSON."""
        try:
            found = words.json_words(self.line, self.start, self.end)
        except ValueError as error:
            raise self._bad_array(error) from error
        return (self.split(), False) if found is None else (found, True)

    def one(self) -> Word:
        """All of the arguments as one word. DockerfileError where there are none."""
        if self.start == self.end:
            example = _EXAMPLES.get(self.keyword)
            hint = f"for example: {self.keyword} {example}" if example else None
            raise self.error(f"{self.keyword} needs an argument", hint=hint)
        return Word(self.arguments, self.place)

    def command(self, start: int | None = None) -> Command:
        """The arguments, from `start` on, as something to run."""
        begin = self.start if start is None else start
        text = self.line.text[begin : self.end]
        try:
            array = words.json_array(text)
        except ValueError as error:
            raise self._bad_array(error) from error
        return Command(None if array is None else tuple(array), text, self.line.span(begin, self.end))

    def _bad_array(self, error: ValueError) -> DockerfileError:
        return self.error(str(error), hint='every member is a string in double quotes: ["a", "1"]')
