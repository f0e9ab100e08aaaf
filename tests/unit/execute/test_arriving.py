"""Blobs on their way into the store: what came stays, and is gone on from."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.blobs import MemoryBlobs
from fakes.connecting import Connect, of
from fakes.registry import FakeRegistry, cut, flipped, status
from stagemill.errors import ArchiveError, CorruptError, RegistryError
from stagemill.execute.arriving import StaleError, again, arriving
from stagemill.oci.blobs import BlobSource, chunks
from stagemill.oci.descriptor import Descriptor
from stagemill.registry.retry import Retries
from stagemill.store.store import Store

DATA = os.urandom(100_000)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store") as opened:
        yield opened


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry() as running:
        yield running


@pytest.fixture
def blob(registry: FakeRegistry) -> Descriptor:
    return Descriptor("application/octet-stream", registry.blobs.put(DATA), len(DATA))


@pytest.fixture
def source(registry: FakeRegistry) -> Iterator[BlobSource]:
    connect = Connect([])
    yield connect(retries=Retries(attempts=1)).blobs(of(registry))
    connect.close()


def bring(store: Store, source: BlobSource, blob: Descriptor) -> bytes:
    with arriving(store, source, blob) as reader:
        return b"".join(chunks(reader))


def ranges(registry: FakeRegistry) -> list[str | None]:
    return [seen.headers.get("range") for seen in registry.requests]


def broken(store: Store, registry: FakeRegistry, source: BlobSource, blob: Descriptor, *, after: int = 60_000) -> None:
    """A transfer that breaks, with nobody who goes on."""
    registry.fail("/blobs/", cut(after))
    with pytest.raises(RegistryError):
        bring(store, source, blob)
    registry.requests.clear()


def test_what_came_is_not_fetched_again(
    store: Store, registry: FakeRegistry, source: BlobSource, blob: Descriptor
) -> None:
    broken(store, registry, source, blob)

    assert bring(store, source, blob) == DATA
    assert store.blobs.read(blob.digest) == DATA
    assert ranges(registry) == ["bytes=60000-"]


def test_where_the_server_has_no_ranges_it_is_fetched_whole(
    store: Store, registry: FakeRegistry, source: BlobSource, blob: Descriptor
) -> None:
    broken(store, registry, source, blob)
    registry.ranges = False

    assert bring(store, source, blob) == DATA
    assert store.blobs.read(blob.digest) == DATA


def test_what_came_whole_and_was_not_kept_needs_no_server(
    store: Store, registry: FakeRegistry, source: BlobSource, blob: Descriptor
) -> None:
    (store.root / "partial" / blob.digest.hex).write_bytes(DATA)

    assert bring(store, source, blob) == DATA
    assert store.blobs.read(blob.digest) == DATA
    assert registry.requests == []


def test_what_was_kept_and_is_wrong_is_thrown_away_and_all_is_fetched(
    store: Store, registry: FakeRegistry, source: BlobSource, blob: Descriptor
) -> None:
    (store.root / "partial" / blob.digest.hex).write_bytes(bytes(60_000))

    with pytest.raises(StaleError):
        bring(store, source, blob)
    assert not store.blobs.has(blob)

    (store.root / "partial" / blob.digest.hex).write_bytes(bytes(60_000))
    assert again(lambda: bring(store, source, blob)) == DATA
    assert store.blobs.read(blob.digest) == DATA
    assert ranges(registry) == ["bytes=60000-", "bytes=60000-", None]


def test_so_it_is_where_the_one_who_reads_finds_it_wrong_first(
    store: Store, source: BlobSource, blob: Descriptor
) -> None:
    path = store.root / "partial" / blob.digest.hex
    path.write_bytes(bytes(60_000))

    with pytest.raises(StaleError), arriving(store, source, blob) as reader:
        reader.read(10)
        raise ArchiveError("no tar")

    assert not path.exists()


def test_wrong_bytes_of_the_server_are_kept_nowhere(
    store: Store, registry: FakeRegistry, source: BlobSource, blob: Descriptor
) -> None:
    registry.fail("/blobs/", flipped)

    with pytest.raises(CorruptError) as caught:
        again(lambda: bring(store, source, blob))

    assert not isinstance(caught.value, StaleError)
    assert len(registry.requests) == 1
    assert not store.blobs.has(blob)
    assert os.listdir(store.root / "partial") == []


def test_a_blob_that_is_not_there_leaves_nothing(
    store: Store, registry: FakeRegistry, source: BlobSource, blob: Descriptor
) -> None:
    registry.fail("/blobs/", status(404))

    with pytest.raises(RegistryError):
        bring(store, source, blob)

    assert os.listdir(store.root / "partial") == []


def test_two_at_once_both_have_it(store: Store, source: BlobSource, blob: Descriptor) -> None:
    with arriving(store, source, blob) as one, arriving(store, source, blob) as other:
        assert b"".join(chunks(one)) == b"".join(chunks(other)) == DATA

    assert store.blobs.read(blob.digest) == DATA


def test_a_reader_that_stops_early_still_brings_all(store: Store, source: BlobSource, blob: Descriptor) -> None:
    with arriving(store, source, blob) as reader:
        reader.read(10)

    assert store.blobs.read(blob.digest) == DATA


def test_a_source_that_begins_at_the_beginning_only_does_too(store: Store) -> None:
    source = MemoryBlobs()
    blob = Descriptor("application/octet-stream", source.put(DATA), len(DATA))

    assert bring(store, source, blob) == DATA
    assert store.blobs.read(blob.digest) == DATA
