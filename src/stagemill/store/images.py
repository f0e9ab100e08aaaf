"""`Images`: the images in the store that people can name: by the names that they gave, or by digest where there is none."""

from __future__ import annotations

import json as json_module

from stagemill.digest import Digest
from stagemill.oci import document as json
from stagemill.oci.descriptor import Descriptor
from stagemill.store.database import Database, Row

_NAMELESS = "@"
"""Before the digest of an image without a name, in the column of names; no name begins with it."""


class Images:
    """Complete references (`docker.io/library/app:latest`) and the manifests that they name.

    An image may have no name: one that was built so, or whose last name was given to another one.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, reference: str) -> Descriptor | None:
        found = self._database.rows(_descriptor, "SELECT descriptor FROM images WHERE reference = ?", reference)
        return found[0] if found else None

    def set(self, reference: str, descriptor: Descriptor, created: float) -> None:
        """The name names this image afterwards; `created` is in seconds since the epoch.

        An image whose only name it was stays, without one.
        """
        before = self.get(reference)
        if before and before.digest != descriptor.digest and self._names(before.digest) == [reference]:
            self._put(f"{_NAMELESS}{before.digest}", before, created)
        self._put(reference, descriptor, created)
        self.remove(f"{_NAMELESS}{descriptor.digest}")

    def keep(self, descriptor: Descriptor, created: float) -> None:
        """The image is there afterwards, without a name unless it has one."""
        if not self._names(descriptor.digest):
            self._put(f"{_NAMELESS}{descriptor.digest}", descriptor, created)

    def remove(self, reference: str) -> bool:
        """Nothing has the name afterwards; says whether something had. An image whose only name it was goes too."""
        return self._database.change("DELETE FROM images WHERE reference = ?", reference) > 0

    def forget(self, digest: Digest) -> bool:
        """No image without a name has this digest afterwards; says whether one had."""
        return self.remove(f"{_NAMELESS}{digest}")

    def all(self) -> list[tuple[str, Descriptor, float]]:
        """Every name with its image and the time at which it was given, sorted by name."""
        return [row for row in self._rows() if not row[0].startswith(_NAMELESS)]

    def nameless(self) -> list[tuple[Descriptor, float]]:
        """The images that have no name, and since when."""
        rows = self._rows()
        named = {descriptor.digest for name, descriptor, _ in rows if not name.startswith(_NAMELESS)}
        return [
            (descriptor, created)
            for name, descriptor, created in rows
            if name.startswith(_NAMELESS) and descriptor.digest not in named
        ]

    def _names(self, digest: Digest) -> list[str]:
        """The names of an image. SQLite looks for the digest: there may be ten thousand images, and each build asks."""
        sql = "SELECT reference, descriptor, created FROM images WHERE instr(descriptor, ?)"
        rows = self._database.rows(_named, sql, digest.encode())
        return [name for name, other, _ in rows if other.digest == digest and not name.startswith(_NAMELESS)]

    def _put(self, reference: str, descriptor: Descriptor, created: float) -> None:
        sql = "INSERT OR REPLACE INTO images (reference, descriptor, created) VALUES (?, ?, ?)"
        self._database.change(sql, reference, serialize(descriptor), created)

    def _rows(self) -> list[tuple[str, Descriptor, float]]:
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
