"""`Site`: what every instruction of one file may ask while it is planned; places of errors, expansion, the request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace
from typing import TypeVar

from stagemill.dockerfile.expansion import ExpansionError, Lookup, expand, expand_raw, expand_words
from stagemill.dockerfile.source import Source, Span
from stagemill.dockerfile.tree import Heredoc, Pair, Word
from stagemill.errors import DockerfileError
from stagemill.events import remark
from stagemill.files.content import Content, Contents
from stagemill.graph.vertex import Selection
from stagemill.plan.request import Request
from stagemill.plan.resolver import NOWHERE, Sources
from stagemill.values import dataclass

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Site:
    """The file, the request, who finds what URLs name, and what planning collects on its way.

    `contents` gathers, for each content digest that entered a key, the facts it was made of, so that a later miss can
    be explained; `selected` what sources were found to hold; `notices` what should be said and stops nothing.
    `onbuild` says that the instruction is a trigger.
    """

    source: Source
    escape: str
    request: Request
    onbuild: bool = False
    contents: Contents = field(default_factory=Contents)
    selected: dict[tuple[str, Selection], Content] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    sources: Sources = NOWHERE

    def trigger(self, source: Source | None = None) -> Site:
        """For an instruction that ONBUILD kept; `source` is its text where that is an image's."""
        return replace(self, source=source or self.source, onbuild=True)

    def title(self, text: str) -> str:
        """What people call an instruction."""
        return f"ONBUILD {text}" if self.onbuild else text

    def error(self, message: str, span: Span, *, hint: str | None = None) -> DockerfileError:
        return DockerfileError(message, at=self.source.excerpt(span), hint=hint)

    def notice(self, message: str, span: Span, *, hint: str) -> None:
        """Keeps something that should be said, with its place."""
        self.notices.append(remark(message, self.source.excerpt(span), hint=hint))

    def expand(self, word: Word, lookup: Lookup) -> str:
        """A word with its variables replaced and its quotes removed."""
        return self._placed(lambda: expand(word.text, lookup, escape=self.escape), word.span.at)

    def expand_words(self, word: Word, lookup: Lookup) -> list[str]:
        """The same, where the values of variables are split at spaces."""
        return self._placed(lambda: expand_words(word.text, lookup, escape=self.escape), word.span.at)

    def expand_name(self, pair: Pair, lookup: Lookup) -> str:
        return self._placed(lambda: expand(pair.key, lookup, escape=self.escape), pair.span.at)

    def expand_value(self, pair: Pair, lookup: Lookup) -> str:
        """The value of a pair; empty where it has none."""
        text = pair.value or ""
        before = pair.span.end_column - pair.span.column - len(text)
        return self._placed(
            lambda: expand(text, lookup, escape=self.escape), lambda offset: pair.span.at(before + offset)
        )

    def expand_body(self, heredoc: Heredoc, lookup: Lookup) -> str:
        """The body of a heredoc, whose variables are replaced unless its name was quoted (traps 12)."""
        if not heredoc.expand:
            return heredoc.content
        return self._placed(lambda: expand_raw(heredoc.content, lookup), lambda offset: _in_body(heredoc, offset))

    def _placed(self, action: Callable[[], T], place: Callable[[int], Span]) -> T:
        try:
            return action()
        except ExpansionError as error:
            raise self.error(error.message, place(error.offset), hint=error.hint) from error


def _in_body(heredoc: Heredoc, offset: int) -> Span:
    """The place of a character of `content` in the file."""
    above = heredoc.content.count("\n", 0, offset)
    column = offset - heredoc.content.rfind("\n", 0, offset)
    if heredoc.strip_tabs:
        written = heredoc.raw.split("\n")[above]
        column += len(written) - len(written.lstrip("\t"))
    line = heredoc.span.line + above
    return Span(line, column, line, column + 1)
