"""`Downloads`: what a URL gave last time, so that the next build asks only whether it is still the same."""

from __future__ import annotations

import hashlib

from stagemill.digest import Digest
from stagemill.store.database import Database, Row
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Download:
    """The digest of a file, and how its server named this version of it: ETag and Last-Modified, or ""."""

    content: Digest
    etag: str
    modified: str


class Downloads:
    """One entry for each URL. URLs are kept as hashes: they may have tokens in their query."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, url: str) -> Download | None:
        """The blob it names need not be here any more."""
        sql = "SELECT content, etag, modified FROM downloads WHERE url = ?"
        found = self._database.rows(_download, sql, _key(url))
        return found[0] if found else None

    def put(self, url: str, download: Download) -> None:
        sql = "INSERT OR REPLACE INTO downloads VALUES (?, ?, ?, ?)"
        self._database.change(sql, _key(url), download.content, download.etag, download.modified)


def _key(url: str) -> str:
    return hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()


def _download(row: Row) -> Download:
    match row:
        case (str(content), str(etag), str(modified)):
            return Download(Digest(content), etag, modified)
        case _:
            raise ValueError("no download")
