"""`Images`: the names that people gave to images in the store."""

from __future__ import annotations

import json as json_module

from stagemill.oci import document as json
from stagemill.oci.descriptor import Descriptor
from stagemill.store.database import Database, Row


class Images:
    """Complete references (`docker.io/library/app:latest`) and the manifests that they name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, reference: str) -> Descriptor | None:
        found = self._database.rows(_descriptor, "SELECT descriptor FROM images WHERE reference = ?", reference)
        return found[0] if found else None

    def set(self, reference: str, descriptor: Descriptor, created: float) -> None:
        """The name names this image afterwards; `created` is in seconds since the epoch."""
        sql = "INSERT OR REPLACE INTO images (reference, descriptor, created) VALUES (?, ?, ?)"
        self._database.change(sql, reference, serialize(descriptor), created)

    def remove(self, reference: str) -> bool:
        """Nothing has the name afterwards; says whether something had."""
        return self._database.change("DELETE FROM images WHERE reference = ?", reference) > 0

    def all(self) -> list[tuple[str, Descriptor, float]]:
        """Every name with its image and the time at which it was given, sorted by name."""
        return self._database.rows(_named, "SELECT reference, descriptor, created FROM images ORDER BY reference")


def serialize(descriptor: Descriptor) -> bytes:
    """A descriptor as the store's tables keep it."""
    return json_module.dumps(descriptor.to_json(), separators=(",", ":")).encode()


def parse(data: bytes) -> Descriptor:
    """A descriptor from the store's tables. Raises ValueError."""
    return Descriptor.from_json(json.parse_object(data, "descriptor"))


def _descriptor(row: Row) -> Descriptor:
    match row:
        case (bytes(data),):
            return parse(data)
        case _:
            raise ValueError("no descriptor")


def _named(row: Row) -> tuple[str, Descriptor, float]:
    match row:
        case (str(reference), bytes(descriptor), float(created)):
            return reference, parse(descriptor), created
        case _:
            raise ValueError("no image name")
