"""Caches in containers of Azure, with Microsoft's emulator in its place."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest

from fakes import azurite
from fakes.azurite import ACCOUNT, KEY, Azurite
from fakes.blobs import AMD64, MemoryBlobs
from fakes.caching import contents
from stagemill.cache.azure import Azure, Container
from stagemill.cache.contents import CacheContents
from stagemill.cache.documents import USUAL, document, read
from stagemill.digest import Digest
from stagemill.errors import CacheError, CorruptError, NotFoundError, StagemillError
from stagemill.oci import media_types
from stagemill.oci.blobs import chunks
from stagemill.oci.descriptor import Descriptor


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    with azurite.running(tmp_path_factory.mktemp("azure") / "azurite") as running:
        yield running


@pytest.fixture
def where(server: Azurite, request: pytest.FixtureRequest) -> Container:
    """A container that is not there yet."""
    name = f"c{Digest.of(request.node.name.encode()).short}"
    return Container(server.url, ACCOUNT, KEY, name, prefix="team/")


def write(where: Container, found: CacheContents, blobs: MemoryBlobs) -> list[bool]:
    keep = Azure(where, create=True)
    config, data, top = document(found, USUAL)
    blobs.put(data)
    moved = [keep.send(blob, blobs) for blob in (*found.blobs, config)]
    keep.name(top)
    return moved


@pytest.mark.parametrize("signed", [False, True])
def test_what_was_written_is_read(server: Azurite, where: Container, *, signed: bool) -> None:
    blobs = MemoryBlobs()
    found = contents(blobs, "a", "b")
    if signed:
        where = replace(where, url=f"{server.url}?{server.signature()}", key="")

    moved = write(where, found, blobs)

    place = Azure(where)
    assert moved == [True] * 3
    assert read(place, platforms=[AMD64])[0] == found
    with place.open(found.blobs[0]) as reader:
        assert b"".join(chunks(reader)) == blobs.read(found.blobs[0].digest)


def test_what_is_there_is_not_sent_again(where: Container) -> None:
    blobs = MemoryBlobs()
    found = contents(blobs, "a", "b")
    write(where, found, blobs)

    assert write(where, found, MemoryBlobs()) == [False] * 3


def test_blobs_and_names_lie_where_their_prefixes_say(server: Azurite, where: Container) -> None:
    blobs = MemoryBlobs()
    found = contents(blobs, "a")

    write(replace(where, names=("main", "dev"), blobs="b", manifests="m/"), found, blobs)

    there = [item.name for item in server.container(where.container).list_blobs()]
    assert f"team/b/{found.blobs[0].digest}" in there
    assert [key for key in there if "/m/" in key] == ["team/m/dev", "team/m/main"]
    assert read(Azure(replace(where, names=("dev",), blobs="b", manifests="m")), platforms=[AMD64])[0] == found


def test_a_large_blob_goes_in_parts(where: Container) -> None:
    blobs = MemoryBlobs()
    data = os.urandom(70 << 20)
    blob = Descriptor(media_types.LAYER, blobs.put(data), len(data))

    assert Azure(where, create=True).send(blob, blobs)

    with Azure(where).open(blob) as reader:
        assert b"".join(chunks(reader)) == data


@pytest.mark.parametrize("size", [100, 70 << 20])
def test_wrong_bytes_are_not_kept(server: Azurite, where: Container, size: int) -> None:
    blobs = MemoryBlobs()
    data = bytes(size)
    blob = Descriptor(media_types.LAYER, blobs.put(data), len(data))
    blobs.data[blob.digest] = data[:-1] + b"x"

    with pytest.raises(CorruptError):
        Azure(where, create=True).send(blob, blobs)

    assert list(server.container(where.container).list_blobs()) == []


def test_a_torn_blob_is_told_when_it_is_read(server: Azurite, where: Container) -> None:
    blobs = MemoryBlobs()
    found = contents(blobs, "a")
    write(where, found, blobs)
    blob = server.container(where.container).get_blob_client(where.blob(found.blobs[0].digest))
    blob.upload_blob(b"other of it", overwrite=True)

    with pytest.raises(CorruptError), Azure(where).open(found.blobs[0]) as reader:
        list(chunks(reader))


def test_a_cache_that_is_not_there_yet_is_told(where: Container) -> None:
    Azure(where, create=True)

    with pytest.raises(NotFoundError) as caught:
        read(Azure(where), platforms=[AMD64])

    place = f"container {where.container} of {ACCOUNT}"
    assert caught.value.message == f"cannot read team/manifests/stagemill in {place}: it is not there"
    assert caught.value.hint == "export the cache first"


def test_a_wrong_key_is_refused(where: Container) -> None:
    Azure(where, create=True)

    with pytest.raises(CacheError) as caught:
        read(Azure(replace(where, key="d3Jvbmc="), attempts=1), platforms=[AMD64])

    assert caught.value.hint == "the key or the signature must let read, write and create"
    assert KEY not in repr(where)


def test_a_key_that_is_none_is_told(where: Container) -> None:
    with pytest.raises(CacheError, match=f"cannot use the cache azblob:{ACCOUNT}/") as caught:
        Azure(replace(where, key="no base64!"))

    assert caught.value.hint == "check account_url, account_name and secret_access_key"


def test_nobody_there_is_told(where: Container) -> None:
    with pytest.raises(CacheError) as caught:
        read(Azure(replace(where, url=f"http://127.0.0.1:1/{ACCOUNT}"), attempts=1), platforms=[AMD64])

    assert caught.value.message.startswith("cannot read team/manifests/stagemill in container ")
    assert caught.value.hint == "check account_url and the network"


def test_without_the_library_it_says_what_to_install(where: Container, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "azure.storage.blob", None)

    with pytest.raises(StagemillError) as caught:
        Azure(where)

    assert caught.value.message == "a cache of type=azblob needs azure-storage-blob"
    assert caught.value.hint == "pip install 'stagemill[azblob]'"
