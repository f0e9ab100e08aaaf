"""What the steps of a build wrote, as a page shows it: the ends of it, without colours, and not more than a page can bear."""

from __future__ import annotations

import os
from collections.abc import Iterator

from stagemill.cli.progress.text import Lines, harmless
from stagemill.digest import Digest
from stagemill.insight.why.past import PastStep
from stagemill.oci.document import whole
from stagemill.store.store import Store
from stagemill.values import dataclass

MOST = 64 << 10
"""Bytes of one output; its end tells how it ended."""
MOST_OF_ALL = 8 << 20


@dataclass(frozen=True, slots=True)
class Output:
    """What a step wrote; `cut` bytes before it are left out."""

    text: str
    cut: int


class Outputs:
    """Outputs of steps, until they are too many."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._left = MOST_OF_ALL

    def of(self, step: PastStep) -> Output | None:
        """None for a step that wrote nothing, or whose output is not kept any more."""
        if step.kind != "run" or self._left <= 0:
            return None
        for key in self._keys(Digest(step.digest)):
            try:
                data, length = _end(self._store, key)
            except OSError:
                continue
            self._left -= len(data)
            return Output(_readable(data), length - len(data)) if length else None
        return None

    def _keys(self, digest: Digest) -> Iterator[Digest]:
        """The step itself, and those that led to the same result."""
        yield digest
        if record := self._store.records.get(digest):
            yield from self._store.records.keys_of(record.canonical)


def _end(store: Store, key: Digest) -> tuple[bytes, int]:
    with store.log_path(key).open("rb") as file:
        length = file.seek(0, os.SEEK_END)
        file.seek(max(0, length - MOST))
        return file.read(MOST), length


def _readable(data: bytes) -> str:
    lines = Lines()
    return "\n".join(whole(harmless(line)) for line in (*lines.feed(data), *lines.end()))
