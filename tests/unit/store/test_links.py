from __future__ import annotations

from dataclasses import replace

from stagemill.digest import Digest
from stagemill.oci import media_types
from stagemill.oci.descriptor import Descriptor
from stagemill.store.links import BaseLayer, Packed
from stagemill.store.store import Store

CHAIN, LAYER, DIFF = Digest.of(b"chain"), Digest.of(b"layer"), Digest.of(b"diff")
BLOB = Descriptor(media_types.LAYER_GZIP, Digest.of(b"blob"), 4)
PACKED = Packed(DIFF, BLOB)
BASE = BaseLayer(CHAIN, None, DIFF, BLOB, "docker.io/library/debian:bookworm")


def test_nothing_is_known_at_first(store: Store) -> None:
    known = (
        store.links.layer_of_chain(CHAIN),
        store.links.packed(LAYER),
        store.links.origin(BLOB.digest),
        store.links.base(CHAIN),
    )

    assert known == (None, None, None, None)


def test_the_layer_of_a_chain_is_remembered_until_it_is_removed(store: Store) -> None:
    store.links.set_layer_of_chain(CHAIN, DIFF)
    store.links.set_layer_of_chain(CHAIN, LAYER)

    assert store.links.layer_of_chain(CHAIN) == LAYER
    assert store.links.chains() == [(CHAIN, LAYER)]
    store.links.remove_chain(CHAIN)
    assert store.links.layer_of_chain(CHAIN) is None


def test_the_blob_of_a_layer_is_remembered_until_it_is_removed(store: Store) -> None:
    store.links.set_packed(LAYER, PACKED)

    assert store.links.packed(LAYER) == PACKED
    assert store.links.packs() == [(LAYER, PACKED)]
    store.links.remove_packed(LAYER)
    assert store.links.packed(LAYER) is None


def test_the_origin_of_a_blob_is_the_one_said_last(store: Store) -> None:
    store.links.set_origin(BLOB.digest, "docker.io/library/debian:11")
    store.links.set_origin(BLOB.digest, "docker.io/library/debian:12")

    assert store.links.origin(BLOB.digest) == "docker.io/library/debian:12"


def test_base_layers_with_and_without_a_parent_come_back_as_they_were(store: Store) -> None:
    upper = replace(BASE, chain=LAYER, parent=CHAIN)
    store.links.set_base(CHAIN, BASE)
    store.links.set_base(LAYER, upper)

    assert store.links.base(CHAIN) == BASE
    assert store.links.base(LAYER) == upper


def test_rows_that_are_no_links_count_as_not_there(store: Store) -> None:
    store.links.set_base(CHAIN, BASE)
    store.links.set_packed(LAYER, PACKED)
    store.links.set_layer_of_chain(CHAIN, LAYER)
    store.links.set_origin(BLOB.digest, "x")
    for statement in (
        "UPDATE bases SET diff_id = 1",
        "UPDATE packed SET descriptor = x'00'",
        "UPDATE chains SET layer = x'00'",
        "UPDATE origins SET reference = x'00'",
    ):
        store.database.change(statement)

    test_nothing_is_known_at_first(store)
    assert (store.links.chains(), store.links.packs()) == ([], [])


def test_each_form_of_a_layers_blob_is_remembered(store: Store) -> None:
    other = replace(PACKED, descriptor=replace(BLOB, digest=Digest.of(b"zstd")))

    store.links.set_variant(LAYER, "zstd", PACKED)
    store.links.set_variant(LAYER, "zstd", other)
    store.links.set_variant(LAYER, "gzip-9", PACKED)

    assert store.links.variant(LAYER, "zstd") == other
    assert store.links.variant(LAYER, "gzip-9") == PACKED
    assert store.links.variant(LAYER, "zstd-9") is None
    assert store.links.packed(LAYER) is None
