from __future__ import annotations

from pathlib import Path

import pytest

from stagemill.digest import Digest
from stagemill.errors import StoreError
from stagemill.store.stat_cache import MAX_AGE
from stagemill.store.store import Store

KEY = (66304, 12345, 10, 1764000000123456789, 1764000000123456790)
DIGEST = Digest.of(b"file")


def only_file(store: Store) -> Path:
    (file,) = (store.root / "stats").iterdir()
    return file


def test_what_was_put_is_found_at_once_and_after_saving_by_the_next(store: Store) -> None:
    cache = store.stat_cache("/home/somebody/app")
    cache.put(KEY, DIGEST)

    cache.save()

    assert cache.get(KEY) == DIGEST
    assert store.stat_cache("/home/somebody/app").get(KEY) == DIGEST
    assert store.stat_cache("/home/somebody/other").get(KEY) is None


@pytest.mark.parametrize("position", range(5))
def test_a_file_that_changed_in_any_way_is_not_found(store: Store, position: int) -> None:
    cache = store.stat_cache("context")
    cache.put(KEY, DIGEST)
    changed = tuple(value + (place == position) for place, value in enumerate(KEY))

    assert cache.get(changed) is None


def test_what_was_not_saved_is_forgotten(store: Store) -> None:
    store.stat_cache("context").put(KEY, DIGEST)

    assert store.stat_cache("context").get(KEY) is None


def test_nothing_is_written_where_nothing_was_put(store: Store) -> None:
    cache = store.stat_cache("context")
    cache.get(KEY)

    cache.save()

    assert list((store.root / "stats").iterdir()) == []


@pytest.mark.parametrize("key", [(1, 2, 3), (1, 2, 3, 1 << 63, 5), (-1, 2, 3, 4, 5)])
def test_a_key_that_does_not_fit_is_never_found(store: Store, key: tuple[int, ...]) -> None:
    cache = store.stat_cache("context")

    cache.put(key, DIGEST)

    assert cache.get(key) is None


def test_times_before_1970_fit(store: Store) -> None:
    cache = store.stat_cache("context")

    cache.put((1, 2, 3, -5, -4), DIGEST)

    assert cache.get((1, 2, 3, -5, -4)) == DIGEST


def test_an_entry_that_nobody_asks_for_is_forgotten_in_time(store: Store) -> None:
    cache = store.stat_cache("context")
    cache.put(KEY, DIGEST)
    cache.save()
    kept = []

    for number in range(MAX_AGE + 1):
        another = store.stat_cache("context")
        another.put((number, 0, 0, 0, 0), DIGEST)
        another.save()
        kept.append(len(only_file(store).read_bytes()))

    assert store.stat_cache("context").get(KEY) is None
    assert store.stat_cache("context").get((MAX_AGE, 0, 0, 0, 0)) == DIGEST
    assert kept[-1] - kept[-2] == 0  # one came, one went


def test_an_entry_that_is_asked_for_stays(store: Store) -> None:
    cache = store.stat_cache("context")
    cache.put(KEY, DIGEST)
    cache.save()

    for number in range(MAX_AGE + 5):
        another = store.stat_cache("context")
        another.get(KEY)
        another.put((number, 0, 0, 0, 0), DIGEST)
        another.save()

    assert store.stat_cache("context").get(KEY) == DIGEST


@pytest.mark.parametrize("torn", ["flipped", "cut", "empty", "foreign"])
def test_a_torn_file_counts_as_empty(store: Store, torn: str) -> None:
    cache = store.stat_cache("context")
    cache.put(KEY, DIGEST)
    cache.save()
    data = only_file(store).read_bytes()
    flipped = data[:-1] + bytes([data[-1] ^ 1])
    only_file(store).write_bytes({"flipped": flipped, "cut": data[:-1], "empty": b"", "foreign": b"x" * 500}[torn])

    assert store.stat_cache("context").get(KEY) is None


def test_a_file_that_cannot_be_written_is_named(store: Store) -> None:
    cache = store.stat_cache("context")
    cache.put(KEY, DIGEST)
    cache.save()
    file = only_file(store)
    file.unlink()
    file.mkdir()
    (file / "x").touch()
    cache.put(KEY, DIGEST)

    with pytest.raises(StoreError, match=r"cannot write .*directory"):
        cache.save()


def test_many_files_whose_inodes_are_near_each_other_are_told_apart(store: Store) -> None:
    digests = {
        (device, node, 10, node, 7): Digest.of(b"%d %d" % (device, node)) for device in (1, 2) for node in range(100)
    }
    cache = store.stat_cache("context")
    for key, digest in digests.items():
        cache.put(key, DIGEST)
        cache.put(key, digest)

    cache.save()
    after = store.stat_cache("context")

    assert {key: cache.get(key) for key in digests} == digests
    assert {key: after.get(key) for key in digests} == digests
    assert after.get((1, 100, 10, 100, 7)) is None
