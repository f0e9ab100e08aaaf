"""`Links`: what is derived from what: layers from chains, blobs from layers, and where blobs came from."""

from __future__ import annotations

from stagemill.digest import Digest
from stagemill.oci.descriptor import Descriptor
from stagemill.store.database import Database, Row, digest, text
from stagemill.store.images import parse, serialize
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Packed:
    """The blob of a layer; `diff_id` is the digest of its tar before compression."""

    diff_id: Digest
    descriptor: Descriptor


@dataclass(frozen=True, slots=True)
class Variant:
    """The blob of a layer in another form than the usual one; `layer` is the chain of one that a base has."""

    layer: Digest
    form: str
    packed: Packed


@dataclass(frozen=True, slots=True)
class BaseLayer:
    """A layer of a base image, which may be neither downloaded nor unpacked.

    `chain` is the digest of it and all below, `parent` that of all below (None for the lowest), `reference` the image
    whose repository has the blob.
    """

    chain: Digest
    parent: Digest | None
    diff_id: Digest
    descriptor: Descriptor
    reference: str


class Links:
    """Derivations that are remembered; each `set_` replaces what was there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def layer_of_chain(self, chain: Digest) -> Digest | None:
        """The unpacked layer on top of a chain of base layers."""
        found = self._database.rows(digest, "SELECT layer FROM chains WHERE chain = ?", chain)
        return found[0] if found else None

    def set_layer_of_chain(self, chain: Digest, layer: Digest) -> None:
        self._database.change("INSERT OR REPLACE INTO chains (chain, layer) VALUES (?, ?)", chain, layer)

    def packed(self, layer: Digest) -> Packed | None:
        """The blob that a layer has been packed to, or was unpacked from; the blob itself need not be here."""
        found = self._database.rows(_packed, "SELECT layer, diff_id, descriptor FROM packed WHERE layer = ?", layer)
        return found[0][1] if found else None

    def set_packed(self, layer: Digest, packed: Packed) -> None:
        sql = "INSERT OR REPLACE INTO packed (layer, diff_id, descriptor) VALUES (?, ?, ?)"
        self._database.change(sql, layer, packed.diff_id, serialize(packed.descriptor))

    def variant(self, layer: Digest, form: str) -> Packed | None:
        """The blob of a layer, or of a base's chain, in another form than the usual one; it need not be here."""
        sql = "SELECT layer, diff_id, descriptor FROM variants WHERE layer = ? AND form = ?"
        found = self._database.rows(_packed, sql, layer, form)
        return found[0][1] if found else None

    def set_variant(self, layer: Digest, form: str, packed: Packed) -> None:
        sql = "INSERT OR REPLACE INTO variants (layer, form, diff_id, descriptor) VALUES (?, ?, ?, ?)"
        self._database.change(sql, layer, form, packed.diff_id, serialize(packed.descriptor))

    def origin(self, blob: Digest) -> str | None:
        """A reference of an image whose repository has the blob."""
        found = self._database.rows(text, "SELECT reference FROM origins WHERE blob = ?", blob)
        return found[0] if found else None

    def set_origin(self, blob: Digest, reference: str) -> None:
        self._database.change("INSERT OR REPLACE INTO origins (blob, reference) VALUES (?, ?)", blob, reference)

    def base(self, chain: Digest) -> BaseLayer | None:
        sql = "SELECT chain, parent, diff_id, descriptor, reference FROM bases WHERE chain = ?"
        found = self._database.rows(_base, sql, chain)
        return found[0] if found else None

    def set_base(self, chain: Digest, base: BaseLayer) -> None:
        sql = "INSERT OR REPLACE INTO bases (chain, parent, diff_id, descriptor, reference) VALUES (?, ?, ?, ?, ?)"
        descriptor = serialize(base.descriptor)
        self._database.change(sql, chain, base.parent, base.diff_id, descriptor, base.reference)

    def variants(self) -> list[Variant]:
        """Every blob of a layer in another form than the usual one."""
        sql = "SELECT layer, form, diff_id, descriptor FROM variants ORDER BY layer, form"
        return self._database.rows(_variant, sql)

    def remove_variant(self, layer: Digest, form: str) -> None:
        self._database.change("DELETE FROM variants WHERE layer = ? AND form = ?", layer, form)

    def bases(self) -> list[BaseLayer]:
        """Every layer of a base that is known."""
        sql = "SELECT chain, parent, diff_id, descriptor, reference FROM bases ORDER BY chain"
        return self._database.rows(_base, sql)

    def chains(self) -> list[tuple[Digest, Digest]]:
        """Every chain that is unpacked, with its layer."""
        return self._database.rows(_pair, "SELECT chain, layer FROM chains ORDER BY chain")

    def packs(self) -> list[tuple[Digest, Packed]]:
        """Every layer that has a blob."""
        return self._database.rows(_packed, "SELECT layer, diff_id, descriptor FROM packed ORDER BY layer")

    def remove_chain(self, chain: Digest) -> None:
        self._database.change("DELETE FROM chains WHERE chain = ?", chain)

    def remove_packed(self, layer: Digest) -> None:
        self._database.change("DELETE FROM packed WHERE layer = ?", layer)


def _pair(row: Row) -> tuple[Digest, Digest]:
    match row:
        case (str(chain), str(layer)):
            return Digest(chain), Digest(layer)
        case _:
            raise ValueError("no chain")


def _packed(row: Row) -> tuple[Digest, Packed]:
    match row:
        case (str(layer), str(diff_id), bytes(descriptor)):
            return Digest(layer), Packed(Digest(diff_id), parse(descriptor))
        case _:
            raise ValueError("no packed layer")


def _variant(row: Row) -> Variant:
    match row:
        case (str(layer), str(form), *rest):
            return Variant(Digest(layer), form, _packed((layer, *rest))[1])
        case _:
            raise ValueError("no packed layer")


def _base(row: Row) -> BaseLayer:
    match row:
        case (str(chain), str() | None as parent, str(diff_id), bytes(descriptor), str(reference)):
            below = Digest(parent) if parent else None
            return BaseLayer(Digest(chain), below, Digest(diff_id), parse(descriptor), reference)
        case _:
            raise ValueError("no base layer")
