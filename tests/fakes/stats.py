"""`MemoryStats`, a StatCache in memory that counts what it was asked."""

from __future__ import annotations

from dataclasses import dataclass, field

from stagemill.digest import Digest


@dataclass
class MemoryStats:
    known: dict[tuple[int, ...], Digest] = field(default_factory=dict)
    hits: int = 0

    def get(self, key: tuple[int, ...]) -> Digest | None:
        digest = self.known.get(key)
        self.hits += digest is not None
        return digest

    def put(self, key: tuple[int, ...], digest: Digest) -> None:
        self.known[key] = digest
