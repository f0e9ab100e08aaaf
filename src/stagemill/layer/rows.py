"""The rows of a serialized index, some at a time: as objects those of a million files take more memory than all else."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import TypeAlias

from stagemill.regex import regex

Cell: TypeAlias = "str | int | bool | dict[str, str] | None"
Row: TypeAlias = "list[Cell]"
_AT_ONCE = 1000
_BYTES = 128 << 10  # of rows that are read at once
_ESCAPED = regex(rb"\\.")
_OPEN = 50  # pieces of so many bytes whose rows are held


class Writer:
    """Makes the JSON of `[version, rows]`, in ASCII and without spaces."""

    def __init__(self, version: int) -> None:
        self._into = BytesIO()
        self._into.write(_head(version))
        self._waiting: list[list[Cell]] = []
        self._before = b""

    def add(self, row: list[Cell]) -> None:
        self._waiting.append(row)
        if len(self._waiting) == _AT_ONCE:
            self._flush()

    def end(self) -> bytes:
        """All of it; nothing can be added any more."""
        self._flush()
        self._into.write(b"]]")
        return self._into.getvalue()

    def _flush(self) -> None:
        if self._waiting:
            text = json.dumps(self._waiting, separators=(",", ":"), check_circular=False)
            self._into.write(self._before)
            self._into.write(memoryview(text.encode("ascii"))[1:-1])
            self._waiting, self._before = [], b","


def write(version: int, rows: Iterable[list[Cell]]) -> bytes:
    """The JSON of all of them."""
    writer = Writer(version)
    for row in rows:
        writer.add(row)
    return writer.end()


def each(version: int, data: bytes) -> Iterator[Row]:
    """The rows that were written. Raises ValueError where the bytes are something else, once it comes to that."""
    for piece in pieces(version, data):
        yield from _read(piece)


def pieces(version: int, data: bytes) -> Iterator[str]:
    """The JSON of lists of some rows each, which together are those that were written. Raises as `each` does."""
    return (_list(data, begin, end) for begin, end in _places(version, data))


def _places(version: int, data: bytes) -> Iterator[tuple[int, int]]:
    """Where some rows begin and end, after each other."""
    begin, last = len(_head(version)), len(data) - 2
    if not data.startswith(_head(version)) or data[max(last, begin) :] != b"]]":
        raise ValueError(f"found {data[:begin]!r} … {data[-10:]!r}, want {_head(version)!r} … b']]'")
    while begin < last:
        end = _end(data, begin, last)
        yield begin, end
        begin = end + 1


def _end(data: bytes, begin: int, last: int) -> int:
    """Where a piece ends: what looks like the end of a row may be in a name, and then a quotation mark before it has no other."""
    end = min(begin + _BYTES, last)
    while (found := data.find(b'],["', end, last)) >= 0:
        end = found + 1
        piece = data[begin:end]
        if (_ESCAPED.sub(b"", piece) if b"\\" in piece else piece).count(b'"') % 2 == 0:
            return end
    return last


def _list(data: bytes, begin: int, end: int) -> str:
    return f"[{data[begin:end].decode('ascii')}]"


def _read(piece: str) -> list[Row]:
    rows: list[Row] = json.loads(piece)
    return rows


def _head(version: int) -> bytes:
    return b"[%d,[" % version


def order(path: str) -> str:
    """The key that sorts paths by their components, parents first."""
    return path.replace("/", "\0")


class Rows:
    """The rows of an index by path. Those of a few pieces are held, so that who asks in order reads each once."""

    def __init__(self, version: int, data: bytes) -> None:
        """Raises ValueError or TypeError for what was not written."""
        self._data = data
        self._places = [*_places(version, data)]
        self._begins: list[str] = []
        self._open: dict[int, dict[str, Row]] = {}
        self._latest: dict[str, Row] = {}  # who asks in order finds most there
        for number, (begin, end) in enumerate(self._places):
            rows = _read(_list(data, begin, end))
            self._begins.append(order(str(rows[0][0])))
            if number < _OPEN:
                self._open[number] = _by_path(rows)

    def get(self, path: str) -> Row | None:
        if found := self._latest.get(path):
            return found
        number = bisect_right(self._begins, order(path)) - 1
        if number < 0:
            return None
        rows = self._open.get(number)
        if rows is None:
            if len(self._open) >= _OPEN:
                del self._open[next(iter(self._open))]
            rows = self._open[number] = _by_path(_read(_list(self._data, *self._places[number])))
        self._latest = rows
        return rows.get(path)


def _by_path(rows: Iterable[Row]) -> dict[str, Row]:
    return {str(row[0]): row for row in rows}
