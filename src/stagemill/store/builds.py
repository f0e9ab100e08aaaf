"""`Builds`: the builds that were carried out here, with what is needed to tell later why their steps ran.

A build from the cache costs one row. What the build was of, its *graph*, is kept once for all builds of it.
"""

from __future__ import annotations

import json
import os
import zlib
from typing import Self

from stagemill.digest import Digest
from stagemill.store.database import Database, Row
from stagemill.store.faults import explained
from stagemill.values import dataclass

KEPT = 200
PENDING = "builds.pending"
_EVERY = 16  # builds between two times that the oldest are forgotten
_COLUMNS = "begun, seconds, result, place, title, ran, cached, graph, account"
_GET = f"SELECT number, {_COLUMNS} FROM builds WHERE number = ?"  # noqa: S608  it is a constant
_LIKE = f"SELECT number, {_COLUMNS} FROM builds WHERE number < ? AND place = ? ORDER BY number DESC LIMIT ?"  # noqa: S608
_LATEST = f"SELECT number, {_COLUMNS} FROM builds WHERE number < ? ORDER BY number DESC LIMIT ?"  # noqa: S608
_ADD = f"INSERT INTO builds ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING number"  # noqa: S608
_UPDATE = "UPDATE builds SET seconds = ?, result = ?, ran = ?, cached = ?, graph = ?, account = ? WHERE number = ?"
_FORGET = "DELETE FROM builds WHERE number <= ?"
_UNUSED = "DELETE FROM graphs WHERE graph NOT IN (SELECT graph FROM builds)"
_MOST = 1 << 62


@dataclass(frozen=True, slots=True)
class BuildRow:
    """A build. `begun` is in seconds since the epoch; `result` is `built`, `failed`, `stopped` or `running`.

    `place` says where its files come from, `title` what was built; `graph` names what is known of its steps, and is empty
    where it was never planned. `account` is JSON of whoever keeps it, empty where all was cached.
    """

    begun: float
    place: str
    title: str
    seconds: float = 0.0
    result: str = "running"
    ran: int = 0
    cached: int = 0
    graph: str = ""
    account: str = ""
    number: int = 0

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """Raises ValueError for what is no build."""
        match row:
            case (
                int(number),
                float(begun),
                float(seconds),
                str(result),
                bytes(place),
                bytes(title),
                int(ran),
                int(cached),
                str(graph),
                bytes(account),
            ):
                texts = place.decode("utf-8", "surrogatepass"), title.decode("utf-8", "surrogatepass")
                return cls(float(begun), *texts, float(seconds), result, ran, cached, graph, _unpacked(account), number)
            case _:
                raise ValueError("no build")


class Builds:
    """The history of builds of a store; thread-safe, and shared with other processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, row: BuildRow) -> int:
        """Writes a build down, and says which number it has; the oldest are forgotten in time."""
        self._take_in()
        return self._add(row)

    def _take_in(self) -> None:
        """Builds that were only noted beside the database get their rows."""
        path = self._database.path.with_name(PENDING)
        taken = path.with_name(f"{PENDING}.{os.getpid()}")
        try:
            os.rename(path, taken)
        except FileNotFoundError:
            return
        with explained("read", taken), taken.open("r+b") as file:
            os.lockf(file.fileno(), os.F_LOCK, 0)  # who has it open writes his line first, or finds it gone
            lines = file.read().splitlines()
            taken.unlink()
        for line in lines[-KEPT:]:
            if row := _noted(line):
                self._add(row)

    def _add(self, row: BuildRow) -> int:
        place, title = (text.encode("utf-8", "surrogatepass") for text in (row.place, row.title))
        cells = row.begun, row.seconds, row.result, place, title, row.ran, row.cached, row.graph, _packed(row.account)
        (number,) = self._database.rows(_number, _ADD, *cells)
        if number % _EVERY == 0:
            self._database.change(_FORGET, number - KEPT)
            self._database.change(_UNUSED)
        return number

    def update(self, row: BuildRow) -> None:
        """How a build ended that was written down when it began."""
        self._database.change(
            _UPDATE, row.seconds, row.result, row.ran, row.cached, row.graph, _packed(row.account), row.number
        )

    def get(self, number: int) -> BuildRow | None:
        self._take_in()
        found = self._database.rows(BuildRow.from_row, _GET, number)
        return found[0] if found else None

    def latest(self, count: int, *, before: int = _MOST) -> list[BuildRow]:
        """The last builds, the newest first; with `before` those of smaller numbers."""
        self._take_in()
        return self._database.rows(BuildRow.from_row, _LATEST, before, count)

    def of_place(self, place: str, count: int, *, before: int = _MOST) -> list[BuildRow]:
        """The same for those whose files came from a place."""
        self._take_in()
        data = place.encode("utf-8", "surrogatepass")
        return self._database.rows(BuildRow.from_row, _LIKE, before, data, count)

    def knows(self, graph: Digest) -> bool:
        """Whether a graph was kept already."""
        return bool(self._database.rows(len, "SELECT 1 FROM graphs WHERE graph = ?", graph))

    def keep(self, graph: Digest, document: str) -> None:
        """Keeps what is known of the steps of builds, as JSON of whoever keeps it."""
        self._database.change("INSERT OR IGNORE INTO graphs (graph, document) VALUES (?, ?)", graph, _packed(document))

    def graph(self, graph: str) -> str | None:
        """The document of a graph, or None where nobody knows it any more."""
        found = self._database.rows(_document, "SELECT document FROM graphs WHERE graph = ?", graph)
        return found[0] if found else None


def _noted(line: bytes) -> BuildRow | None:
    """A build that had nothing to do, as `cli.again.entry` notes it; None for what is none."""
    try:
        match json.loads(line):
            case [float() as begun, float() as seconds, str(place), str(title), str(graph), int(steps)]:
                return BuildRow(begun, place, title, seconds, "built", 0, steps, graph)
    except ValueError:
        return None
    return None


def _packed(text: str) -> bytes:
    return zlib.compress(text.encode("utf-8", "surrogatepass"), 1) if text else b""


def _unpacked(data: bytes) -> str:
    """Raises ValueError."""
    try:
        return zlib.decompress(data).decode("utf-8", "surrogatepass") if data else ""
    except zlib.error as error:
        raise ValueError("no text") from error


def _number(row: Row) -> int:
    match row:
        case (int(number),):
            return number
        case _:
            raise ValueError("no number")


def _document(row: Row) -> str:
    match row:
        case (bytes(packed),):
            return _unpacked(packed)
        case _:
            raise ValueError("no graph")
