"""`Out`: a stream of text that never stops a build, and what is to know of a stream: its encoding, its size."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TextIO

_DEFAULT_SIZE = (80, 24)


class Out:
    """Writes are flushed at once. What the stream cannot encode is replaced; when nobody reads it any more, it is silent."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._broken = False

    def write(self, text: str) -> None:
        """After the first write that fails, nothing is written any more."""
        if self._broken or not text:
            return
        try:
            self._stream.write(writable(text, self._stream))
            self._stream.flush()
        except (OSError, ValueError):
            self._broken = True


def writable(text: str, stream: TextIO) -> str:
    """The text with question marks for what the stream's encoding lacks."""
    if text.isascii():
        return text
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)


def is_unicode(stream: TextIO) -> bool:
    """Whether the stream can carry box drawings; one that does not say is taken to."""
    return (stream.encoding or "utf-8").lower().replace("-", "").startswith("utf")


def size(stream: TextIO, environ: Mapping[str, str]) -> tuple[int, int]:
    """Columns and rows of a terminal: as `COLUMNS` and `LINES` say, else as the terminal does, else 80 and 24."""
    try:
        found = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        found = os.terminal_size((0, 0))
    columns = _number(environ.get("COLUMNS")) or found.columns or _DEFAULT_SIZE[0]
    return columns, _number(environ.get("LINES")) or found.lines or _DEFAULT_SIZE[1]


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else 0
