"""Which frontend a file is written for: `# syntax=` at its top, and its forms in files of other languages.

BuildKit gives a file to the frontend that its first lines name: after `#`, after `//`, or as the key `syntax` of a file
that is one JSON object; a first line with `#!` is skipped. Every release of docker/dockerfile is the language that
is built in. Source: BuildKit, frontend/dockerfile/parser/directives.go.
"""

from __future__ import annotations

import json

from stagemill.dockerfile.source import BOM, Source, Span, printable
from stagemill.dockerfile.tree import Directive
from stagemill.errors import DockerfileError, UnsupportedError, UsageError
from stagemill.regex import regex

ARGUMENT = "BUILDKIT_SYNTAX"

_BUILT_IN = regex(
    r"dockerfile\.v0|(?:(?:index\.)?docker\.io/)?docker/dockerfile(?:-upstream)?(?::[\w.-]+)?(?:@sha256:[0-9a-f]{64})?"
)
_FORM = regex(r"[ \t\f]*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*")
_NAMES = {"syntax", "escape", "check"}
_HINT = "write # syntax=docker/dockerfile:1, or leave the line out; --build-arg BUILDKIT_SYNTAX=docker/dockerfile:1 takes its place"


def check(data: bytes, name: str, *, given: str | None = None) -> None:
    """Raises where a file is to be read by another frontend than ours; `given` is the build argument, which wins."""
    if given and given.strip():
        if not _BUILT_IN.fullmatch(given.split()[0]):
            raise UsageError(
                f"the frontend {printable(given.split()[0])!r} of --build-arg {ARGUMENT} is not supported",
                hint="every release of docker/dockerfile is built in: leave the argument out",
            )
        return
    source = Source(name, data.decode("utf-8", "surrogateescape"))
    found = detect(source)
    if found and not _BUILT_IN.fullmatch(found.value.split()[0]):
        raise _other(source, found)


def detect(source: Source) -> Directive | None:
    """The frontend that a file names, with what follows its name."""
    first = int(source.text.removeprefix(BOM).startswith("#!"))
    return _comment(source, "#", first) or _comment(source, "//", first) or _json(source, first)


def _comment(source: Source, sign: str, first: int) -> Directive | None:
    """The directive of a comment at the top; the first line that holds none ends them."""
    for number, line in enumerate(source.lines()[first:], first + 1):
        match = _FORM.fullmatch(line.removeprefix(sign)) if line.startswith(sign) else None
        if match is None or match[1].lower() not in _NAMES or not match[2].strip():
            return None
        if match[1].lower() == "syntax":
            return Directive("syntax", match[2], Span(number, 1, number, len(line.rstrip()) + 1))
    return None


def _json(source: Source, first: int) -> Directive | None:
    lines = source.lines()
    text = "\n".join(lines[first:]).strip()
    if not (text.startswith("{") and text.endswith("}")):
        return None
    try:
        document: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    value = document.get("syntax") if isinstance(document, dict) else None
    if not isinstance(value, str) or not value.strip():
        return None
    line = next(number for number, line in enumerate(lines, 1) if number > first and line.strip())
    return Directive("syntax", value, Span(line, 1, line, len(lines[line - 1].rstrip()) + 1))


def _other(source: Source, found: Directive) -> DockerfileError:
    name = printable(found.value.split()[0])
    return UnsupportedError(
        f"the file is written for the frontend {name!r}, which is not supported",
        at=source.excerpt(found.span),
        hint=_HINT,
    )
