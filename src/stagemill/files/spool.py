"""`Spool`: pairs of texts, one after the other. As objects those of a million files take half a gigabyte, so many are packed."""

from __future__ import annotations

import marshal
from collections.abc import Iterator
from typing import TypeAlias

Pair: TypeAlias = tuple[str, str]

_MOST = 50_000
"""So many pairs are held as they are: to pack them would cost time, and save little."""
_AT_ONCE = 1_000


class Spool:
    """Grows at its end, and can be read from its beginning any number of times."""

    def __init__(self) -> None:
        self._packed: list[bytes] = []
        self._latest: list[Pair] = []

    def append(self, pair: Pair) -> None:
        self._latest.append(pair)
        if len(self._latest) >= _MOST:
            self._pack()

    def __iter__(self) -> Iterator[Pair]:
        if self._packed:
            import zlib  # noqa: PLC0415  small contexts do without

            for packed in self._packed:
                yield from marshal.loads(zlib.decompress(packed))  # noqa: S302  nobody else can write there
        yield from self._latest

    def _pack(self) -> None:
        import zlib  # noqa: PLC0415  see above

        for begin in range(0, len(self._latest), _AT_ONCE):
            self._packed.append(zlib.compress(marshal.dumps(self._latest[begin : begin + _AT_ONCE]), 1))
        self._latest = []
