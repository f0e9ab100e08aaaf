"""The tables of a store's SQLite file: what is in them, which version made them, and how they are taken over."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from stagemill.errors import StoreError

NAMES_VERSION = 1
CACHE_VERSION = 6
VERSION = NAMES_VERSION * 1000 + CACHE_VERSION
"""Kept as the file's `user_version`."""

# What cannot be made again: names that people gave, and where blobs that are not here can be fetched.
_NAMES = {
    "images": "reference TEXT PRIMARY KEY, descriptor BLOB NOT NULL, created REAL NOT NULL",
    "origins": "blob TEXT PRIMARY KEY, reference TEXT NOT NULL",
}
_CACHE = {
    "records": "key TEXT PRIMARY KEY, canonical TEXT NOT NULL, result BLOB NOT NULL, ingredients BLOB NOT NULL, "
    "name BLOB NOT NULL, created REAL NOT NULL, used REAL NOT NULL",
    "notes": "content TEXT PRIMARY KEY, parts BLOB NOT NULL",
    "builds": "number INTEGER PRIMARY KEY, begun REAL NOT NULL, seconds REAL NOT NULL, result TEXT NOT NULL, "
    "place BLOB NOT NULL, title BLOB NOT NULL, ran INTEGER NOT NULL, cached INTEGER NOT NULL, graph TEXT NOT NULL, "
    "account BLOB NOT NULL",
    "graphs": "graph TEXT PRIMARY KEY, document BLOB NOT NULL",
    "durations": "step TEXT PRIMARY KEY, name BLOB NOT NULL, seconds REAL NOT NULL",
    "chains": "chain TEXT PRIMARY KEY, layer TEXT NOT NULL",
    "packed": "layer TEXT PRIMARY KEY, diff_id TEXT NOT NULL, descriptor BLOB NOT NULL",
    "variants": "layer TEXT NOT NULL, form TEXT NOT NULL, diff_id TEXT NOT NULL, descriptor BLOB NOT NULL, "
    "PRIMARY KEY (layer, form)",
    "bases": "chain TEXT PRIMARY KEY, parent TEXT, diff_id TEXT NOT NULL, descriptor BLOB NOT NULL, "
    "reference TEXT NOT NULL",
    "blocks": "key TEXT PRIMARY KEY, blob TEXT NOT NULL, begin INTEGER NOT NULL, size INTEGER NOT NULL",
    "downloads": "url TEXT PRIMARY KEY, content TEXT NOT NULL, etag TEXT NOT NULL, modified TEXT NOT NULL",
}
_TAKE_OVER = (
    ("SELECT reference, descriptor, created FROM images", "INSERT OR IGNORE INTO images VALUES (?, ?, ?)"),
    ("SELECT blob, reference FROM origins", "INSERT OR IGNORE INTO origins VALUES (?, ?)"),
)
_INDEXES = (
    "CREATE INDEX IF NOT EXISTS records_by_name ON records (name, created)",
    "CREATE INDEX IF NOT EXISTS blocks_by_blob ON blocks (blob)",
    "CREATE INDEX IF NOT EXISTS durations_by_name ON durations (name)",
)


def version(connection: sqlite3.Connection) -> int:
    """The file's version; 0 for a fresh file."""
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return found


def install(connection: sqlite3.Connection, path: str) -> None:
    """The tables are there in this version. Raises StoreError where a newer version made the names."""
    names = version(connection) // 1000
    if names > NAMES_VERSION:
        raise StoreError(
            f"{path} was made by a newer stagemill: its names have version {names}, this one reads {NAMES_VERSION}",
            hint="update stagemill, or set STAGEMILL_ROOT to another directory",
        )
    if version(connection) == VERSION:
        return
    connection.execute("PRAGMA journal_mode=WAL").fetchone()
    connection.execute("BEGIN IMMEDIATE")
    try:
        for table in _CACHE:
            connection.execute(f"DROP TABLE IF EXISTS {table}")
        for table, columns in (_NAMES | _CACHE).items():
            connection.execute(f"CREATE TABLE IF NOT EXISTS {table} ({columns})")
        for statement in _INDEXES:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version={VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def rescue(damaged: Path, into: sqlite3.Connection) -> int:
    """Takes the names over from a damaged file as far as they can be read; says how many images that were."""
    rescued = 0
    with suppress(sqlite3.Error), closing(sqlite3.connect(damaged)) as source:
        for query, insertion in _TAKE_OVER:
            with suppress(sqlite3.Error):
                for row in source.execute(query):
                    into.execute(insertion, row)
                    rescued += "images" in query
    return rescued
