"""`Positions`: places of a Dockerfile as an editor counts them, from 0, in the units that it has chosen."""

from __future__ import annotations

from lsprotocol import types

from stagemill.dockerfile.source import Source, Span
from stagemill.values import dataclass

_CODECS = {
    types.PositionEncodingKind.Utf8.value: ("utf-8", 1),
    types.PositionEncodingKind.Utf16.value: ("utf-16-le", 2),
    types.PositionEncodingKind.Utf32.value: ("utf-32-le", 4),
}
"""The codec of each kind of unit, and the bytes of one."""


@dataclass(frozen=True, slots=True)
class Positions:
    """`encoding` is what editor and server have agreed on; without a word of the editor it is UTF-16.

    Source: language server protocol 3.17, PositionEncodingKind.
    """

    source: Source
    encoding: str = types.PositionEncodingKind.Utf16.value

    def range(self, span: Span) -> types.Range:
        return types.Range(self._position(span.line, span.column), self._position(span.end_line, span.end_column))

    def column(self, position: types.Position) -> int:
        """The column of a position, counted in characters from 1."""
        codec, size = _CODECS[self.encoding]
        data = self._line(position.line + 1).encode(codec, "surrogatepass")
        return len(data[: position.character * size].decode(codec, "ignore")) + 1

    def _position(self, line: int, column: int) -> types.Position:
        codec, size = _CODECS[self.encoding]
        before = self._line(line)[: column - 1]
        return types.Position(line - 1, len(before.encode(codec, "surrogatepass")) // size)

    def _line(self, line: int) -> str:
        lines = self.source.lines()
        return lines[line - 1] if line <= len(lines) else ""
