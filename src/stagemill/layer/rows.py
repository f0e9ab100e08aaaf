"""The rows of a serialized index, some at a time: as objects those of a million files take more memory than all else."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import islice
from typing import TypeAlias

Cell: TypeAlias = "str | int | bool | dict[str, str] | None"
_AT_ONCE = 1000


def write(version: int, rows: Iterable[Iterable[Cell]]) -> bytes:
    """The JSON of `[version, rows]`, in ASCII and without spaces."""
    left = iter(rows)
    parts: list[bytes] = []
    while some := list(islice(left, _AT_ONCE)):
        text = json.dumps(some, separators=(",", ":"), check_circular=False)
        parts.append(text[1:-1].encode("ascii"))
    return b"[%d,[%s]]" % (version, b",".join(parts))


def first(version: int, text: str) -> int:
    """Where the first row begins; the length of the text where there is none. Raises ValueError for what was not written."""
    head = f"[{version},["
    if not text.startswith(head):
        raise ValueError(f"found {text[: len(head)]!r}, want {head!r}")
    return _checked(text, len(head))


def after(text: str, end: int) -> int:
    """Where the next row begins after one that ends there."""
    return end + 1 if text[end : end + 1] == "," else _checked(text, end)


def _checked(text: str, at: int) -> int:
    if text[at : at + 1] == "[":
        return at
    if text[at:] != "]]":
        raise ValueError(f"found {text[at : at + 10]!r}, want the end")
    return len(text)
