"""What is said of images is sent where they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import Event

import pytest

from fakes.blobs import MemoryBlobs, make_image
from fakes.connecting import Connect, of
from fakes.registry import FakeRegistry, Reply, status
from stagemill import events
from stagemill.attest.manifest import Referrer, referrer
from stagemill.attest.statement import SPDX, Attestation, Subject
from stagemill.errors import RegistryError
from stagemill.execute.referring import Referring
from stagemill.oci import media_types
from stagemill.oci.image import Image
from stagemill.registry.referrers import tag
from stagemill.store.store import Store

BLOBS = MemoryBlobs()
ONE, TWO = (make_image(BLOBS, {"a": name}) for name in (b"1", b"2"))
NAME = "team/app:1"


@pytest.fixture
def connect() -> Iterator[Connect]:
    maker = Connect([])
    yield maker
    maker.close()


def said(image: Image, *names: str) -> list[Referrer]:
    return [
        referrer(image, Attestation(name, SPDX, {"name": name}), subjects=[Subject("_", image.digest)])
        for name in names
    ]


def unlocked(_name: str) -> AbstractContextManager[None]:
    return nullcontext()


def send(connect: Connect, registry: FakeRegistry, *referrers: Referrer) -> list[events.Event]:
    seen: list[events.Event] = []
    Referring(connect().destination, unlocked, seen.append, lambda: 1.0).send(referrers, of(registry, NAME))
    return seen


@pytest.mark.parametrize("page", [0, 10])
def test_each_is_found_by_the_image_that_it_is_of(connect: Connect, page: int) -> None:
    with FakeRegistry(referrers=page) as registry:
        first, second, third = *said(ONE, "a", "b"), *said(TWO, "c")

        send(connect, registry, first, second, third)

        client, where = connect(), of(registry, NAME)
        assert {entry.digest for entry in client.referrers(where, ONE.digest)} == {
            first.entry.digest,
            second.entry.digest,
        }
        (entry,) = client.referrers(where, TWO.digest, kind=media_types.IN_TOTO)
        assert entry == third.entry
        document = json.loads(client.document(where, entry.digest).data)
        (layer,) = document["layers"]
        statement = json.loads(registry.blobs.data[layer["digest"]])
        assert (statement["predicateType"], statement["predicate"]) == (SPDX, {"name": "c"})
        assert document["config"]["digest"] in registry.blobs.data
        assert (("team/app", tag(TWO.digest)) in registry.manifests) is (not page)


def test_a_list_is_written_once_for_all_that_is_said_of_an_image(registry: FakeRegistry, connect: Connect) -> None:
    send(connect, registry, *said(ONE, "a", "b", "c"))

    assert registry.paths(tag(ONE.digest)).count(f"PUT /v2/team/app/manifests/{tag(ONE.digest)}") == 1


def test_who_says_something_of_the_same_image_waits_while_a_list_is_written(
    registry: FakeRegistry, connect: Connect, tmp_path: Path
) -> None:
    """A registry that knows no conditions takes the list of who has slept since reading it, and forgets what came meanwhile."""
    read, asked, store = Event(), Event(), Store.open(tmp_path / "store")

    @contextmanager
    def lock(name: str) -> Iterator[None]:
        if read.is_set():
            asked.set()
        with store.lock(name):
            yield

    def sleepy(right: Reply) -> Reply:
        read.set()
        assert asked.wait(60)
        return Reply(right.status, {}, right.body)

    def push(name: str) -> None:
        Referring(connect().destination, lock, lambda _event: None, lambda: 1.0).send(
            said(ONE, name), of(registry, NAME)
        )

    registry.fail(f"/manifests/{tag(ONE.digest)}", sleepy)
    with ThreadPoolExecutor(2) as pool:
        pushes = [pool.submit(push, "a")]
        assert read.wait(60)
        pushes.append(pool.submit(push, "b"))
        for each in pushes:
            each.result()

    assert asked.is_set()
    assert len(connect().referrers(of(registry, NAME), ONE.digest)) == 2


def test_it_is_reported_as_a_step(registry: FakeRegistry, connect: Connect) -> None:
    begun, done = send(connect, registry, *said(ONE, "a"))

    assert isinstance(begun, events.Started)
    assert begun.name == f"pushing what is said of {registry.host}/{NAME}"
    assert isinstance(done, events.Finished)


def test_so_is_what_goes_wrong(registry: FakeRegistry, connect: Connect) -> None:
    seen: list[events.Event] = []
    registry.fail("/manifests/", *[status(403)] * 9)

    with pytest.raises(RegistryError):
        Referring(connect().destination, unlocked, seen.append, lambda: 1.0).send(said(ONE, "a"), of(registry, NAME))

    assert isinstance(seen[-1], events.Failed)


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry() as running:
        yield running
