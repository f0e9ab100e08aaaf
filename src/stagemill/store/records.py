"""`Records`: which operation had which result, with the ingredients of its key so that a miss can be explained."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from stagemill.digest import Digest
from stagemill.store.database import Database, Row

RECENT = 20
KEPT_NOTES = 256
_GET = "SELECT key, canonical, result, ingredients, name, created FROM records WHERE key = ?"
_RECENT = """SELECT key, canonical, result, ingredients, name, created FROM records
    WHERE name = ? ORDER BY created DESC, rowid DESC LIMIT ?"""
_ENDING = """SELECT key, canonical, result, ingredients, name, created FROM records
    WHERE substr(name, ?) = ? ORDER BY created DESC, rowid DESC LIMIT ?"""
_ALL = "SELECT key, canonical, result, ingredients, name, created FROM records ORDER BY key"
_PUT = """INSERT OR REPLACE INTO records (key, canonical, result, ingredients, name, created)
    VALUES (?, ?, ?, ?, ?, ?)"""
_FORGET = "DELETE FROM notes WHERE rowid <= (SELECT max(rowid) FROM notes) - ?"


@dataclass(frozen=True, slots=True)
class Record:
    """A result that can be used again. `result` and `ingredients` are JSON of whoever keeps it; `created` is in seconds
    since the epoch; `canonical` is the key by content, `name` what people call the step.
    """

    key: Digest
    canonical: Digest
    result: str
    ingredients: str
    name: str
    created: float

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """Raises ValueError for what is no record."""
        match row:
            case (str(key), str(canonical), bytes(result), bytes(ingredients), bytes(name), float(created)):
                return cls(
                    Digest(key), Digest(canonical), _text(result), _text(ingredients), _text(name), float(created)
                )
            case _:
                raise ValueError("no record")


class Records:
    """The cache records of a store; thread-safe, and shared with other processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: Digest) -> Record | None:
        found = self._database.rows(Record.from_row, _GET, key)
        return found[0] if found else None

    def put(self, record: Record) -> None:
        """The record is there afterwards, in place of an older one with its key."""
        self._database.change(
            _PUT,
            record.key,
            record.canonical,
            _bytes(record.result),
            _bytes(record.ingredients),
            _bytes(record.name),
            record.created,
        )

    def remove(self, key: Digest) -> None:
        self._database.change("DELETE FROM records WHERE key = ?", key)

    def recent(self, name: str) -> list[Record]:
        """The latest records of steps with a name, the newest first."""
        return self._database.rows(Record.from_row, _RECENT, _bytes(name), RECENT)

    def ending(self, text: str) -> list[Record]:
        """The same for all whose name ends so; looks at every record."""
        data = _bytes(text)
        return self._database.rows(Record.from_row, _ENDING, -len(data), data, RECENT)

    def all(self) -> list[Record]:
        """Every record, by key."""
        return self._database.rows(Record.from_row, _ALL)

    def note(self, content: Digest, parts: Sequence[tuple[str, str]]) -> None:
        """Remembers what a content digest was made of; the oldest notes are forgotten in time."""
        if self._database.rows(len, "SELECT 1 FROM notes WHERE content = ?", content):
            return
        packed = zlib.compress(json.dumps(list(parts), separators=(",", ":")).encode(), 1)
        self._database.change("INSERT OR IGNORE INTO notes (content, parts) VALUES (?, ?)", content, packed)
        self._database.change(_FORGET, KEPT_NOTES)

    def contents(self) -> list[Digest]:
        """The content digests of which it is known what they were made of, the latest first."""
        return self._database.rows(_digest, "SELECT content FROM notes ORDER BY rowid DESC")

    def noted(self, content: Digest) -> tuple[tuple[str, str], ...] | None:
        """What a content digest was made of, or None where nobody remembers."""
        found = self._database.rows(_parts, "SELECT parts FROM notes WHERE content = ?", content)
        return found[0] if found else None


def _digest(row: Row) -> Digest:
    match row:
        case (str(text),):
            return Digest(text)
        case _:
            raise ValueError("no digest")


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
