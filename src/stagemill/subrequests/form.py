"""The forms that BuildKit gives its answers: places as JSON, tables as text, the file itself."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from stagemill.dockerfile.source import Source, Span

Value: TypeAlias = "str | int | bool | Mapping[str, Value] | Sequence[Value] | None"


def document(value: Value) -> str:
    """As Go's encoder writes it, with two blanks of indent."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def location(span: Span | None) -> dict[str, Value]:
    """A range for each line; without a place it is empty."""
    if span is None:
        return {}
    lines = range(span.line, max(span.line, span.end_line) + 1)
    return {"ranges": [{"start": {"line": line}, "end": {"line": line}} for line in lines]}


def present(facts: Mapping[str, Value]) -> dict[str, Value]:
    """What is neither empty nor false; the rest is left out of BuildKit's JSON."""
    return {name: value for name, value in facts.items() if value}


def data(source: Source) -> str:
    """The bytes of the file, in Base64."""
    return base64.b64encode(source.text.encode("utf-8", "surrogateescape")).decode()


def table(rows: Iterable[Sequence[str]], *, padding: int) -> str:
    """Lines whose columns stand below each other; the last one is as long as it is."""
    lines = [tuple(row) for row in rows]
    widths = [max(map(len, column)) + padding for column in zip(*lines, strict=True)][:-1]
    return "".join(
        "".join(cell.ljust(width) for cell, width in zip(line[:-1], widths, strict=True)) + line[-1] + "\n"
        for line in lines
    )


def comment(comments: Iterable[str], name: str) -> str:
    """What a comment says of something: the rest of the first one that begins with its name."""
    prefix = f"{name} "
    return next((text.removeprefix(prefix) for text in comments if name and text.startswith(prefix)), "")
