"""Parser directives: `# syntax=`, `# escape=` and `# check=` at the very top of a file.

The first comment, blank line or unknown key ends them; a repeated one is an error; one with an empty value is none.
A first line with `#!` is skipped, but takes `escape` its meaning (BuildKit, frontend/dockerfile/parser/directives.go).
"""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.expansion import SPACES
from stagemill.dockerfile.source import BOM, Source, Span, quoted
from stagemill.dockerfile.tree import Directive
from stagemill.errors import DockerfileError
from stagemill.regex import regex

NAMES = ("syntax", "escape", "check")

_FORM = regex(r"([a-zA-Z][a-zA-Z0-9]*)[ \t\f\r]*=[ \t\f\r]*(.+?)[ \t\f\r]*\Z")


def read(source: Source) -> tuple[Directive, ...]:
    """DockerfileError for a repeated directive."""
    found: list[Directive] = []
    for number, line in _top(source):
        directive = _parse(line, number)
        if directive is None:
            break
        if any(directive.name == other.name for other in found):
            raise DockerfileError(
                f"the parser directive {quoted(directive.name)} stands here a second time",
                at=source.excerpt(directive.span),
                hint="keep one of them",
            )
        found.append(directive)
    return tuple(found)


def escape(source: Source, directives: tuple[Directive, ...]) -> str:
    """The escape character, a backslash where nothing else is said; DockerfileError where it is no escape character."""
    directive = next((d for d in directives if d.name == "escape"), None)
    if directive is None or _has_shebang(source):
        return "\\"
    if directive.value not in {"\\", "`"}:
        raise DockerfileError(
            f"{quoted(directive.value)} cannot be the escape character",
            at=source.excerpt(directive.span),
            hint="it is a backslash or a backtick: `# escape=\\` or `# escape=``",
        )
    return directive.value


def _has_shebang(source: Source) -> bool:
    return source.text.removeprefix(BOM).startswith("#!")


def _top(source: Source) -> Iterator[tuple[int, str]]:
    start = 1 if _has_shebang(source) else 0
    return ((index + 1, line) for index, line in enumerate(source.lines()) if index >= start)


def _parse(line: str, number: int) -> Directive | None:
    bare = line.rstrip("\r")
    text = bare.lstrip(SPACES)
    if not text.startswith("#"):
        return None
    match = _FORM.match(text[1:].lstrip(SPACES))
    if match is None or match[1].lower() not in NAMES:
        return None
    span = Span(number, len(bare) - len(text) + 1, number, len(bare.rstrip(SPACES)) + 1)
    return Directive(match[1].lower(), match[2], span)
