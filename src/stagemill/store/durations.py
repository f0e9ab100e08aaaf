"""`Durations`: how long steps took, to say before a build how long it may take. Forgetting one costs nothing."""

from __future__ import annotations

from stagemill.digest import Digest
from stagemill.store.database import Database, Row

KEPT = 4096
_PUT = "INSERT OR REPLACE INTO durations (step, name, seconds) VALUES (?, ?, ?)"
_FORGET = "DELETE FROM durations WHERE rowid <= (SELECT max(rowid) FROM durations) - ?"
_OF_STEP = "SELECT seconds FROM durations WHERE step = ?"
_OF_NAME = "SELECT seconds FROM durations WHERE name = ? ORDER BY rowid DESC LIMIT 1"


class Durations:
    """Thread-safe, and shared with other processes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._forgot = False

    def put(self, step: Digest, name: str, seconds: float) -> None:
        """`name` is what people call the step. The oldest are forgotten, once in a process."""
        self._database.change(_PUT, step, _bytes(name), float(seconds))
        if not self._forgot:
            self._forgot = True
            self._database.change(_FORGET, KEPT)

    def get(self, step: Digest, name: str) -> float | None:
        """The seconds that the step took the last time, or else the last step of its name; None where nobody knows."""
        found = self._database.rows(_seconds, _OF_STEP, step) or self._database.rows(_seconds, _OF_NAME, _bytes(name))
        return found[0] if found else None


def _seconds(row: Row) -> float:
    match row:
        case (float(seconds),):
            return seconds
        case _:
            raise ValueError("no duration")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
