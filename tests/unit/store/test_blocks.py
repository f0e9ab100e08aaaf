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


def keep(store: Store, data: bytes = b"firstsecond") -> Digest:
    blob = store.blobs.put(data)
    store.blocks.keep(blob, {KEYS[0]: Place(0, 5), KEYS[1]: Place(5, 6)})
    return blob


class TestBlocks:
    def test_what_is_known_is_found_and_read(self, store: Store) -> None:
        keep(store)

        found = store.blocks.find([*KEYS, Digest.of(b"unknown")])

        assert {key: read() for key, read in found.items()} == {KEYS[0]: b"first", KEYS[1]: b"second"}

    def test_of_a_torn_blob_nothing_is_served(self, store: Store) -> None:
        blob = keep(store)
        store.blobs.path(blob).write_bytes(b"firstSECOND")

        found = store.blocks.find(KEYS)

        assert [found[key]() for key in KEYS] == [None, None]

    def test_nor_of_one_that_is_touched_after_it_was_checked(self, store: Store) -> None:
        blob = keep(store)
        found = store.blocks.find(KEYS)
        before = found[KEYS[0]]()

        store.blobs.path(blob).write_bytes(b"firstSECOND")

        assert (before, found[KEYS[1]]()) == (b"first", None)

    def test_of_a_block_that_is_not_all_there_nothing_is_served(self, store: Store) -> None:
        store.blocks.keep(keep(store), {KEYS[0]: Place(5, 7)})

        assert store.blocks.find(KEYS)[KEYS[0]]() is None

    def test_a_blob_that_is_gone_has_none(self, store: Store) -> None:
        blob = keep(store)
        found = store.blocks.find(KEYS)
        store.blobs.path(blob).unlink()

        assert [found[key]() for key in KEYS] == [None, None]

    def test_the_latest_place_counts(self, store: Store) -> None:
        keep(store)
        later = store.blobs.put(b"xfirst")
        store.blocks.keep(later, {KEYS[0]: Place(1, 5)})

        assert store.blocks.find(KEYS)[KEYS[0]]() == b"first"
        assert len(store.blocks.blobs()) == 2
        store.blocks.remove(later)
        assert list(store.blocks.find(KEYS)) == [KEYS[1]]
