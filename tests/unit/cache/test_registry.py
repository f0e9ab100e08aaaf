"""Caches in a registry's repository."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fakes.blobs import AMD64, MemoryBlobs
from fakes.caching import contents
from fakes.connecting import Connect, of
from fakes.registry import FakeRegistry
from stagemill.cache.documents import Form, document, read
from stagemill.cache.registry import RegistryKeep, RegistryPlace
from stagemill.errors import NotFoundError
from stagemill.oci.blobs import chunks


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry() as running:
        yield running


@pytest.fixture
def connect() -> Iterator[Connect]:
    maker = Connect([])
    yield maker
    maker.close()


@pytest.mark.parametrize("form", [Form(), Form(image_manifest=False), Form(oci_types=False)])
def test_what_was_written_is_read(registry: FakeRegistry, connect: Connect, form: Form) -> None:
    blobs = MemoryBlobs()
    found = contents(blobs, "a", "b")
    config, data, top = document(found, form)
    blobs.put(data)
    client, name = connect(), of(registry, "team/cache:main")
    keep = RegistryKeep(client.destination(name))

    moved = [keep.send(blob, blobs) for blob in (*found.blobs, config)]
    keep.name(top)

    place = RegistryPlace(client, name)
    assert moved == [True] * 3
    assert read(place, platforms=[AMD64])[0] == found
    with place.open(found.blobs[0]) as reader:
        assert b"".join(chunks(reader)) == blobs.read(found.blobs[0].digest)
    assert keep.send(found.blobs[0], MemoryBlobs()) is False


def test_a_blob_of_another_repository_is_not_sent(registry: FakeRegistry, connect: Connect) -> None:
    found = contents(MemoryBlobs(), "a")
    registry.uploads.mountable.add(("team/app", found.blobs[0].digest))
    keep = RegistryKeep(connect().destination(of(registry, "team/cache:main")), ("team/app",))

    assert keep.send(found.blobs[0], MemoryBlobs()) is False


def test_a_cache_that_is_not_there_yet_is_told(registry: FakeRegistry, connect: Connect) -> None:
    with pytest.raises(NotFoundError, match="there is no image"):
        read(RegistryPlace(connect(), of(registry, "team/cache:main")), platforms=[AMD64])
