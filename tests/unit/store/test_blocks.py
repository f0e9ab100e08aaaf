"""Blocks of blobs: found by their keys, checked when they are read, forgotten with their blob."""

from __future__ import annotations

from dataclasses import dataclass

from stagemill.digest import Digest
from stagemill.store.store import Store

KEYS = [Digest.of(b"key 1"), Digest.of(b"key 2")]


@dataclass(frozen=True)
class Place:
    begin: int
    size: int
    content: Digest


def keep(store: Store, data: bytes = b"firstsecond") -> Digest:
    blob = store.blobs.put(data)
    store.blocks.keep(blob, {KEYS[0]: Place(0, 5, Digest.of(b"first")), KEYS[1]: Place(5, 6, Digest.of(b"second"))})
    return blob


class TestBlocks:
    def test_what_is_known_is_found_and_read(self, store: Store) -> None:
        keep(store)

        found = store.blocks.find([*KEYS, Digest.of(b"unknown")])

        assert {key: read() for key, read in found.items()} == {KEYS[0]: b"first", KEYS[1]: b"second"}

    def test_what_is_torn_is_not_served(self, store: Store) -> None:
        blob = keep(store)
        store.blobs.path(blob).write_bytes(b"firstSECOND")

        found = store.blocks.find(KEYS)

        assert [found[key]() for key in KEYS] == [b"first", None]

    def test_a_blob_that_is_gone_has_none(self, store: Store) -> None:
        blob = keep(store)
        found = store.blocks.find(KEYS)
        store.blobs.path(blob).unlink()

        assert [found[key]() for key in KEYS] == [None, None]

    def test_the_latest_place_counts(self, store: Store) -> None:
        keep(store)
        later = store.blobs.put(b"xfirst")
        store.blocks.keep(later, {KEYS[0]: Place(1, 5, Digest.of(b"first"))})

        assert store.blocks.find(KEYS)[KEYS[0]]() == b"first"
        assert len(store.blocks.blobs()) == 2
        store.blocks.remove(later)
        assert list(store.blocks.find(KEYS)) == [KEYS[1]]
