"""`Site`: what every instruction of one file may ask while it is planned; places of errors, expansion, the request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from stagemill.digest import Digest
from stagemill.dockerfile.expansion import ExpansionError, Lookup, expand, expand_words
from stagemill.dockerfile.source import Source, Span
from stagemill.dockerfile.tree import Word
from stagemill.errors import DockerfileError, UnsupportedError
from stagemill.plan.request import Request

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Site:
    """The file, the request, and what planning collects on its way.

    `contents` gathers, for each content digest that entered a key, the facts it was made of, so that a later miss can
    be explained; `notices` what should be said and stops nothing.
    """

    source: Source
    escape: str
    request: Request
    contents: dict[Digest, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)

    def error(self, message: str, span: Span, *, hint: str | None = None) -> DockerfileError:
        return DockerfileError(message, at=self.source.excerpt(span), hint=hint)

    def unsupported(self, what: str, span: Span) -> UnsupportedError:
        """The error for what is understood and not built yet."""
        hint = "this version of stagemill cannot build it; remove it, or build this file with another tool for now"
        return UnsupportedError(f"{what} is not supported yet", at=self.source.excerpt(span), hint=hint)

    def expand(self, word: Word, lookup: Lookup) -> str:
        """A word with its variables replaced and its quotes removed."""
        return self._placed(lambda: expand(word.text, lookup, escape=self.escape), word.span)

    def expand_words(self, word: Word, lookup: Lookup) -> list[str]:
        """The same, where the values of variables are split at spaces."""
        return self._placed(lambda: expand_words(word.text, lookup, escape=self.escape), word.span)

    def expand_text(self, text: str, span: Span, lookup: Lookup) -> str:
        """The same for a text that is part of a word."""
        return self._placed(lambda: expand(text, lookup, escape=self.escape), span)

    def _placed(self, action: Callable[[], T], span: Span) -> T:
        try:
            return action()
        except ExpansionError as error:
            raise self.error(error.message, span.at(error.offset)) from error
