"""What goes wrong with a template: `failed`, the error about a place in it, and `MisuseError` of its functions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from stagemill.errors import Excerpt, TemplateError

FLAG = "--format"


class MisuseError(Exception):
    """A function was given what it cannot take; who calls it knows the place."""


def failed(text: str, at: int, message: str, *, length: int = 1, hint: str | None = None) -> TemplateError:
    """An error with the line of the template that has the place, and a caret below it."""
    at = min(at, len(text))
    start = text.rfind("\n", 0, at) + 1
    line = text[start:].partition("\n")[0]
    column = at - start + 1
    excerpt = Excerpt(FLAG, text.count("\n", 0, at) + 1, column, length, line)
    return TemplateError(f"invalid {FLAG}, column {column}: {message}", at=excerpt, hint=hint)


@contextmanager
def within_reason(text: str) -> Iterator[None]:
    """Tells of a template that is nested too deeply as of one that is wrong."""
    try:
        yield
    except RecursionError:
        raise failed(text, 0, "it is nested too deeply") from None
