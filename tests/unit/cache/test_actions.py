"""Caches in the service of GitHub's Actions."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest

from fakes.actions import Entry, FakeActions
from fakes.blobs import AMD64, MemoryBlobs
from fakes.caching import contents
from fakes.connecting import Connect
from fakes.registry import cut, status
from stagemill.cache.actions import Actions, Service
from stagemill.cache.contents import CacheContents
from stagemill.cache.documents import USUAL, Form, document, read
from stagemill.errors import CacheError, CorruptError, NotFoundError
from stagemill.oci.blobs import chunks
from stagemill.oci.descriptor import Descriptor


@pytest.fixture
def service() -> Iterator[FakeActions]:
    with FakeActions() as running:
        yield running


@pytest.fixture
def where(service: FakeActions) -> Service:
    return Service(service.url, service.token)


@pytest.fixture
def connect() -> Iterator[Connect]:
    maker = Connect([])
    yield maker
    maker.close()


class Opening:
    """Opens the service, at a time that is later each time it is asked for."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._seconds = itertools.count(1)

    def __call__(self, where: Service) -> Actions:
        return Actions(where, self._connect().sender, clock=lambda: float(next(self._seconds)))


@pytest.fixture
def opening(connect: Connect) -> Opening:
    return Opening(connect)


def write(keep: Actions, found: CacheContents, blobs: MemoryBlobs, form: Form = USUAL) -> list[bool]:
    config, data, top = document(found, form)
    blobs.put(data)
    moved = [keep.send(blob, blobs) for blob in (*found.blobs, config)]
    keep.name(top)
    return moved


@pytest.mark.parametrize("form", [Form(), Form(image_manifest=False)])
def test_what_was_written_is_read(where: Service, opening: Opening, form: Form) -> None:
    blobs = MemoryBlobs()
    found = contents(blobs, "a", "b")

    moved = write(opening(where), found, blobs, form)

    place = opening(where)
    assert moved == [True] * 3
    assert read(place, platforms=[AMD64])[0] == found
    with place.open(found.blobs[0]) as reader:
        assert b"".join(chunks(reader)) == blobs.read(found.blobs[0].digest)


def test_what_is_there_is_not_sent_again_and_the_latest_counts(
    service: FakeActions, where: Service, opening: Opening
) -> None:
    blobs = MemoryBlobs()
    first, second = contents(blobs, "a", "b"), contents(blobs, "a", "b", "c")
    keep = opening(where)
    write(keep, first, blobs)

    moved = write(keep, second, blobs)

    assert sorted(moved) == [False, False, True, True]
    assert read(keep, platforms=[AMD64])[0] == second
    assert len([key for key in service.keys if key.startswith("stagemill-index-")]) == 2


def test_caches_of_other_scopes_do_not_meet(where: Service, opening: Opening) -> None:
    blobs = MemoryBlobs()
    write(opening(where), contents(blobs, "a"), blobs)
    write(opening(replace(where, scope="stagemill-2")), contents(blobs, "b"), blobs)

    assert read(opening(where), platforms=[AMD64])[0] == contents(blobs, "a")
    with pytest.raises(NotFoundError) as caught:
        read(opening(replace(where, scope="stage")), platforms=[AMD64])

    assert caught.value.message == "the cache gha:stage is not there"
    assert caught.value.hint == "export it first, with --cache-to type=gha"


def test_a_blob_that_github_removed_is_told(service: FakeActions, where: Service, opening: Opening) -> None:
    blobs = MemoryBlobs()
    found = contents(blobs, "a")
    write(opening(where), found, blobs)
    (blob,) = found.blobs
    service.entries = {key: entry for key, entry in service.entries.items() if blob.digest.hex not in key[0]}

    with pytest.raises(NotFoundError, match=f"the cache gha:stagemill has no blob {blob.digest} any more"):
        opening(where).open(blob).__enter__()


def test_a_download_that_breaks_off_goes_on(service: FakeActions, where: Service, opening: Opening) -> None:
    blobs = MemoryBlobs()
    data = bytes(range(256)) * 400
    blob = Descriptor("t", blobs.put(data), len(data))
    opening(where).send(blob, blobs)
    service.fail("/storage/", cut(1000))

    with opening(where).open(blob) as reader:
        assert b"".join(chunks(reader)) == data

    assert [seen.headers["range"] for seen in service.requests if "range" in seen.headers] == ["bytes=1000-"]


def test_wrong_bytes_are_told(service: FakeActions, where: Service, opening: Opening) -> None:
    blobs = MemoryBlobs()
    found = contents(blobs, "a")
    write(opening(where), found, blobs)
    for entry in service.entries.values():
        if entry.data == b"blob of a":
            entry.data = b"blob of b"

    with pytest.raises(CorruptError), opening(where).open(found.blobs[0]) as reader:
        list(chunks(reader))


class TestAnother:
    """Another job has begun to write the same blob."""

    def begun(self, service: FakeActions, where: Service, opening: Opening) -> tuple[Descriptor, MemoryBlobs, Entry]:
        blobs = MemoryBlobs()
        (blob,) = contents(blobs, "a").blobs
        opening(where).send(blob, blobs)
        ((_, entry),) = service.entries.items()
        entry.finished = False
        return blob, blobs, entry

    def test_it_is_waited_for(self, service: FakeActions, where: Service, opening: Opening, connect: Connect) -> None:
        blob, blobs, entry = self.begun(service, where, opening)

        def ended_meanwhile(_seconds: float) -> None:
            entry.finished = True

        sender = replace(connect().sender, pause=ended_meanwhile)

        assert Actions(where, sender, clock=lambda: 1.0).send(blob, blobs) is False

    def test_one_that_never_ends_is_an_error(
        self, service: FakeActions, where: Service, opening: Opening, connect: Connect
    ) -> None:
        blob, blobs, _ = self.begun(service, where, opening)

        with pytest.raises(CacheError) as caught:
            opening(where).send(blob, blobs)

        assert caught.value.message == ("another job began to write to the cache gha:stagemill, and did not end")
        assert "ignore-error=true" in str(caught.value.hint)
        assert sum(connect.pauses) == 30.0


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        (401, "the token is a job's own, and good for as long as that runs: ACTIONS_RUNTIME_TOKEN"),
        (429, "the service wants fewer requests; mode=min has fewer blobs"),
        (500, "the service has a bad moment: try it again"),
    ],
)
def test_a_service_that_refuses_is_told_without_the_token(
    service: FakeActions, where: Service, opening: Opening, code: int, hint: str
) -> None:
    service.fail("GetCacheEntryDownloadURL", *[status(code)] * 9)

    with pytest.raises(CacheError) as caught:
        read(opening(where), platforms=[AMD64])

    assert caught.value.message == f"cannot use it, the cache gha:stagemill: it answers with status {code}"
    assert caught.value.hint == hint
    assert service.token not in repr(where)


def test_a_storage_that_refuses_is_told_without_the_signature(
    service: FakeActions, where: Service, opening: Opening
) -> None:
    blobs = MemoryBlobs()
    service.fail("/storage/", *[status(403)] * 9)

    with pytest.raises(CacheError) as caught:
        write(opening(where), contents(blobs, "a"), blobs)

    assert caught.value.message == "cannot write to it, the cache gha:stagemill: it answers with status 403"
    assert service.keys == []


def test_a_blob_that_is_too_large_is_told(where: Service, opening: Opening) -> None:
    blob = Descriptor("t", MemoryBlobs().put(b""), 6000 << 20)

    with pytest.raises(CacheError, match="is too large for the cache of Actions"):
        opening(where).send(blob, MemoryBlobs())
