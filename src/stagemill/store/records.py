"""`Records`: which operation had which result, with the ingredients of its key so that a miss can be explained."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from dataclasses import field
from itertools import islice
from typing import Self

from stagemill.digest import Digest
from stagemill.store.database import Cell, Database, Row
from stagemill.values import dataclass

RECENT = 20
KEPT_NOTES = 256
_AT_ONCE = 1000
KEPT_NOTE_BYTES = 64 << 20
"""What was noted of a context of a million files takes fifty megabytes; the latest note is kept whatever it takes."""
_COLUMNS = "key, canonical, result, ingredients, name, created, used"
_GET = f"SELECT {_COLUMNS} FROM records WHERE key = ?"  # noqa: S608  it is a constant
_RECENT = f"SELECT {_COLUMNS} FROM records WHERE name = ? ORDER BY created DESC, rowid DESC LIMIT ?"  # noqa: S608
_ALL = f"SELECT {_COLUMNS} FROM records ORDER BY key"  # noqa: S608
_PUT = f"INSERT OR REPLACE INTO records ({_COLUMNS}) VALUES "  # noqa: S608
_ROW = "(?, ?, ?, ?, ?, ?, ?)"
AWAKE = 30.0
"""Seconds. A record that was used less long ago is not marked again, so that a build from the cache writes little."""
_FORGET = """DELETE FROM notes WHERE rowid IN (
    SELECT rowid FROM (
        SELECT rowid, row_number() OVER latest AS place, sum(length(parts)) OVER latest AS bytes
        FROM notes WINDOW latest AS (ORDER BY rowid DESC)
    ) WHERE place > ? OR (place > 1 AND bytes > ?)
)"""


@dataclass(frozen=True, slots=True)
class Record:
    """A result that can be used again. `result` and `ingredients` are JSON of whoever keeps it; `created` is in seconds
    since the epoch, and so is `used`, the latest use to within half a minute; `canonical` is the key by content, `name` what
    people call the step.
    """

    key: Digest
    canonical: Digest
    result: str
    ingredients: str
    name: str
    created: float
    used: float = field(default=0.0, compare=False)

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """Raises ValueError for what is no record."""
        match row:
            case (
                str(key),
                str(canonical),
                bytes(result),
                bytes(ingredients),
                bytes(name),
                float(created),
                float(used),
            ):
                texts = (_text(result), _text(ingredients), _text(name))
                return cls(Digest(key), Digest(canonical), *texts, float(created), float(used))
            case _:
                raise ValueError("no record")


class Records:
    """The cache records of a store; thread-safe, and shared with other processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: Digest) -> Record | None:
        found = self._database.rows(Record.from_row, _GET, key)
        return found[0] if found else None

    def use(self, key: Digest, now: float) -> Record | None:
        """The same, and it counts as used now: nobody prunes it while a build runs that began before."""
        found = self.get(key)
        if found is None or abs(now - found.used) < AWAKE:
            return found
        marked = self._database.change("UPDATE records SET used = ? WHERE key = ?", now, key)
        return found if marked else None

    def prune(self, key: Digest, *, before: float) -> bool:
        """Removes a record that was not used since a time; whether it did."""
        return self._database.change("DELETE FROM records WHERE key = ? AND used < ?", key, before) > 0

    def put(self, *records: Record) -> None:
        """The records are there afterwards, in place of older ones with their keys; they count as used when they were made.

        A build that is killed leaves all of them, or none.
        """
        cells = (cell for record in records for cell in _cells(record))
        self._database.change(_PUT + ", ".join([_ROW] * len(records)), *cells)

    def remove(self, key: Digest) -> None:
        self._database.change("DELETE FROM records WHERE key = ?", key)

    def recent(self, name: str) -> list[Record]:
        """The latest records of steps with a name, the newest first."""
        return self._database.rows(Record.from_row, _RECENT, _bytes(name), RECENT)

    def all(self) -> list[Record]:
        """Every record, by key."""
        return self._database.rows(Record.from_row, _ALL)

    def keys_of(self, canonical: Digest) -> list[Digest]:
        """The keys that lead to a canonical key, those of the latest records first; looks at every record."""
        return self._database.rows(
            _digest, "SELECT key FROM records WHERE canonical = ? ORDER BY created DESC", canonical
        )

    def note(self, content: Digest, parts: Iterable[tuple[str, str]]) -> None:
        """Remembers what a content digest was made of; the oldest notes are forgotten in time."""
        if self._database.rows(len, "SELECT 1 FROM notes WHERE content = ?", content):
            return
        self._database.change("INSERT OR IGNORE INTO notes (content, parts) VALUES (?, ?)", content, _packed(parts))
        self._database.change(_FORGET, KEPT_NOTES, KEPT_NOTE_BYTES)

    def noted(self, content: Digest) -> tuple[tuple[str, str], ...] | None:
        """What a content digest was made of, or None where nobody remembers."""
        found = self._database.rows(_parts, "SELECT parts FROM notes WHERE content = ?", content)
        return found[0] if found else None


def _cells(record: Record) -> tuple[Cell, ...]:
    return (
        record.key,
        record.canonical,
        _bytes(record.result),
        _bytes(record.ingredients),
        _bytes(record.name),
        record.created,
        max(record.created, record.used),
    )


def _digest(row: Row) -> Digest:
    match row:
        case (str(text),):
            return Digest(text)
        case _:
            raise ValueError("no digest")


def _packed(parts: Iterable[tuple[str, str]]) -> bytes:
    """The compressed JSON of parts, of which no more than some are there at once."""
    from isal import isal_zlib  # noqa: PLC0415  a build from the cache notes nothing

    left, deflate, before = iter(parts), isal_zlib.compressobj(1), b"["
    pieces: list[bytes] = []
    while some := list(islice(left, _AT_ONCE)):
        pieces.append(deflate.compress(before + json.dumps(some, separators=(",", ":"))[1:-1].encode()))
        before = b","
    return b"".join([*pieces, deflate.compress(b"]" if before == b"," else b"[]"), deflate.flush()])


def _parts(row: Row) -> tuple[tuple[str, str], ...]:
    match row:
        case (bytes(packed),):
            try:
                return tuple((str(path), str(facts)) for path, facts in json.loads(zlib.decompress(packed)))
            except zlib.error as error:
                raise ValueError("no note") from error
        case _:
            raise ValueError("no note")


# Names that are no UTF-8 travel as lone surrogates, which SQLite's own texts cannot hold.
def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")
