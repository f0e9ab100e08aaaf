"""Caches in buckets, with moto's server and with Swift in the place of S3."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Literal

import pytest

from fakes import buckets
from fakes.blobs import AMD64, MemoryBlobs
from fakes.buckets import Buckets
from fakes.caching import contents
from fakes.registry import status
from fakes.web import FakeWeb
from stagemill.cache.contents import CacheContents
from stagemill.cache.documents import USUAL, document, read
from stagemill.cache.s3 import S3, Bucket
from stagemill.digest import Digest
from stagemill.errors import CacheError, CorruptError, NotFoundError, StagemillError
from stagemill.oci import media_types
from stagemill.oci.blobs import chunks
from stagemill.oci.descriptor import Descriptor

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture(scope="module", params=["moto", "swift"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Buckets]:
    folder = tmp_path_factory.mktemp("buckets") / "swift"
    with buckets.moto() if request.param == "moto" else buckets.swift(folder) as running:
        yield running


@pytest.fixture
def where(server: Buckets, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Bucket:
    """A new bucket."""
    for name in [name for name in os.environ if name.startswith("AWS_") or "proxy" in name.lower()]:
        monkeypatch.delenv(name)
    name = f"b{Digest.of(request.node.name.encode()).short}"
    server.client().create_bucket(Bucket=name)
    return Bucket(
        name,
        region="us-east-1",
        prefix="team/",
        endpoint=server.url,
        path_style=True,
        access_key=server.access_key,
        secret_key=server.secret_key,
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


def test_blobs_and_names_lie_where_their_prefixes_say(server: Buckets, where: Bucket) -> None:
    blobs = MemoryBlobs()
    found = contents(blobs, "a")

    write(replace(where, names=("main", "dev"), blobs="b/", manifests="m/"), found, blobs)

    there = server.keys(where.bucket)
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
def test_wrong_bytes_are_not_kept(server: Buckets, where: Bucket, size: int) -> None:
    blobs = MemoryBlobs()
    data = os.urandom(size)
    blob = Descriptor(media_types.LAYER, blobs.put(data), len(data))
    blobs.data[blob.digest] = data[:-1] + bytes([data[-1] ^ 1])

    with pytest.raises(CorruptError):
        S3(where).send(blob, blobs)

    assert server.keys(where.bucket) == []


def test_a_torn_blob_is_told_when_it_is_read(server: Buckets, where: Bucket) -> None:
    blobs = MemoryBlobs()
    found = contents(blobs, "a")
    write(where, found, blobs)
    key = where.blob(found.blobs[0].digest)
    server.client().put_object(Bucket=where.bucket, Key=key, Body=b"other of it")

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
        read(S3(replace(where, endpoint="http://127.0.0.1:1", attempts=1)), platforms=[AMD64])

    assert "cannot read team/manifests/stagemill in bucket" in caught.value.message
    assert "AWS_ACCESS_KEY_ID" in str(caught.value.hint)
    assert f"={where.secret_key!r}" not in repr(where)


@pytest.mark.parametrize("server", ["swift"], indirect=True)  # moto believes everybody
def test_a_wrong_secret_is_refused(where: Bucket) -> None:
    with pytest.raises(CacheError) as caught:
        read(S3(replace(where, secret_key="wrong")), platforms=[AMD64])

    assert "The request signature we calculated does not match" in caught.value.message
    assert caught.value.hint == "the credentials need s3:GetObject, s3:PutObject and s3:ListBucket for this bucket"


class TestTouching:
    """Rules of a bucket let old objects expire; those that a cache has are not old."""

    def written(self, server: Buckets, where: Bucket) -> datetime:
        (item,) = server.client().list_objects_v2(Bucket=where.bucket)["Contents"]
        found: datetime = item["LastModified"]
        return found

    @pytest.mark.parametrize("size", [10, 9_000_000])
    def test_what_is_there_for_long_is_made_young(self, server: Buckets, where: Bucket, size: int) -> None:
        blobs, now = MemoryBlobs(), [time.time()]
        data = os.urandom(size)
        blob = Descriptor(media_types.LAYER, blobs.put(data), len(data))
        keep = S3(where, clock=lambda: now[0])
        keep.send(blob, blobs)
        first = self.written(server, where)
        time.sleep(1.1)  # what S3 tells of times has whole seconds

        now[0] += where.touch - 60
        assert not keep.send(blob, blobs)
        young = self.written(server, where)
        now[0] += 120
        assert not keep.send(blob, blobs)

        assert young == first
        assert self.written(server, where) > first
        with S3(where).open(blob) as reader:
            assert b"".join(chunks(reader)) == data

    def test_not_where_nobody_wants_it(self, server: Buckets, where: Bucket) -> None:
        blobs = MemoryBlobs()
        blob = Descriptor(media_types.LAYER, blobs.put(b"data"), 4)
        keep = S3(replace(where, touch=0.0), clock=lambda: time.time() + 1e9)
        keep.send(blob, blobs)
        first = self.written(server, where)
        time.sleep(1.1)

        assert not keep.send(blob, blobs)
        assert self.written(server, where) == first


@pytest.mark.parametrize("mode", ["standard", "adaptive"])
def test_a_request_is_tried_as_often_as_is_said(where: Bucket, mode: Literal["standard", "adaptive"]) -> None:
    with FakeWeb() as web:
        web.fail("/team/manifests/stagemill", *[status(503)] * 9)
        ours = replace(where, endpoint=web.url, attempts=2, retry_mode=mode)

        with pytest.raises(CacheError):
            read(S3(ours), platforms=[AMD64])

        assert len(web.requests) == 2


def test_without_boto3_it_says_what_to_install(where: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "boto3", None)

    with pytest.raises(StagemillError) as caught:
        S3(where)

    assert caught.value.message == "a cache of type=s3 needs boto3"
    assert caught.value.hint == "pip install 'stagemill[s3]'"
