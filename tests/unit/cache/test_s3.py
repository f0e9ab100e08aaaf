"""Caches in buckets, with moto's server in the place of S3."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest

from fakes import buckets
from fakes.blobs import AMD64, MemoryBlobs
from fakes.caching import contents
from stagemill.cache.contents import CacheContents
from stagemill.cache.documents import USUAL, document, read
from stagemill.cache.s3 import S3, Bucket
from stagemill.digest import Digest
from stagemill.errors import CacheError, CorruptError, NotFoundError, StagemillError
from stagemill.oci import media_types
from stagemill.oci.blobs import chunks
from stagemill.oci.descriptor import Descriptor

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with buckets.running() as url:
        yield url


@pytest.fixture
def where(server: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Bucket:
    """A new bucket."""
    for name in [name for name in os.environ if name.startswith("AWS_") or "proxy" in name.lower()]:
        monkeypatch.delenv(name)
    name = f"b{Digest.of(request.node.name.encode()).short}"
    buckets.client(server).create_bucket(Bucket=name)
    return Bucket(
        name,
        region="us-east-1",
        prefix="team/",
        endpoint=server,
        path_style=True,
        access_key="key",
        secret_key="secret",
    )


def write(where: Bucket, found: CacheContents, blobs: MemoryBlobs) -> list[bool]:
    keep = S3(where)
    config, data, top = document(found, USUAL)
    blobs.put(data)
    moved = [keep.send(blob, blobs) for blob in (*found.blobs, config)]
    keep.name(top)
    return moved


def test_what_was_written_is_read(where: Bucket) -> None:
    blobs = MemoryBlobs()
    found = contents(blobs, "a", "b")

    moved = write(where, found, blobs)

    place = S3(where)
    assert moved == [True] * 3
    assert read(place, platforms=[AMD64])[0] == found
    with place.open(found.blobs[0]) as reader:
        assert b"".join(chunks(reader)) == blobs.read(found.blobs[0].digest)


def test_what_is_there_is_not_sent_again(where: Bucket) -> None:
    blobs = MemoryBlobs()
    found = contents(blobs, "a", "b")
    write(where, found, blobs)

    assert write(where, found, MemoryBlobs()) == [False] * 3


def test_blobs_and_names_lie_where_their_prefixes_say(where: Bucket) -> None:
    blobs = MemoryBlobs()
    found = contents(blobs, "a")

    write(replace(where, names=("main", "dev"), blobs="b/", manifests="m/"), found, blobs)

    there = buckets.keys(where.endpoint, where.bucket)
    assert f"team/b/{found.blobs[0].digest}" in there
    assert [key for key in there if "/m/" in key] == ["team/m/dev", "team/m/main"]
    assert read(S3(replace(where, names=("dev",), blobs="b/", manifests="m/")), platforms=[AMD64])[0] == found


def test_a_large_blob_goes_in_parts(where: Bucket) -> None:
    blobs = MemoryBlobs()
    data = os.urandom(20_000_000)
    blob = Descriptor(media_types.LAYER, blobs.put(data), len(data))

    assert S3(where).send(blob, blobs)

    with S3(where).open(blob) as reader:
        assert b"".join(chunks(reader)) == data


@pytest.mark.parametrize("size", [100, 20_000_000])
def test_wrong_bytes_are_not_kept(where: Bucket, size: int) -> None:
    blobs = MemoryBlobs()
    data = os.urandom(size)
    blob = Descriptor(media_types.LAYER, blobs.put(data), len(data))
    blobs.data[blob.digest] = data[:-1] + bytes([data[-1] ^ 1])

    with pytest.raises(CorruptError):
        S3(where).send(blob, blobs)

    assert buckets.keys(where.endpoint, where.bucket) == []


def test_a_torn_blob_is_told_when_it_is_read(where: Bucket) -> None:
    blobs = MemoryBlobs()
    found = contents(blobs, "a")
    write(where, found, blobs)
    key = where.blob(found.blobs[0].digest)
    buckets.client(where.endpoint).put_object(Bucket=where.bucket, Key=key, Body=b"other of it")

    with pytest.raises(CorruptError), S3(where).open(found.blobs[0]) as reader:
        list(chunks(reader))


def test_a_cache_that_is_not_there_yet_is_told(where: Bucket) -> None:
    with pytest.raises(NotFoundError) as caught:
        read(S3(where), platforms=[AMD64])

    name = where.bucket
    assert caught.value.message == f"cannot read team/manifests/stagemill in bucket {name}: it is not there"
    assert caught.value.hint == "export the cache first"


def test_a_bucket_that_is_not_there_is_told(where: Bucket) -> None:
    blobs = MemoryBlobs()

    with pytest.raises(StagemillError, match="in bucket none-such"):
        write(replace(where, bucket="none-such"), contents(blobs, "a"), blobs)


def test_nobody_there_is_told_without_the_secret(where: Bucket) -> None:
    with pytest.raises(CacheError) as caught:
        read(S3(replace(where, endpoint="http://127.0.0.1:1"), attempts=1), platforms=[AMD64])

    assert "cannot read team/manifests/stagemill in bucket" in caught.value.message
    assert "AWS_ACCESS_KEY_ID" in str(caught.value.hint)
    assert "secret" not in repr(where)


def test_without_boto3_it_says_what_to_install(where: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "boto3", None)

    with pytest.raises(StagemillError) as caught:
        S3(where)

    assert caught.value.message == "a cache of type=s3 needs boto3"
    assert caught.value.hint == "pip install 'stagemill[s3]'"
