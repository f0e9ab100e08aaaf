"""Text within XML: what XML 1.0 cannot hold is replaced, the rest is escaped."""

from __future__ import annotations

from html import escape

from stagemill.regex import regex

_UNABLE = regex("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def attribute(text: str) -> str:
    """A value in double quotes."""
    escaped = escape(_UNABLE.sub("\ufffd", text)).replace("\n", "&#10;").replace("\r", "&#13;").replace("\t", "&#9;")
    return f'"{escaped}"'


def body(text: str) -> str:
    return escape(_UNABLE.sub("\ufffd", text), quote=False)
