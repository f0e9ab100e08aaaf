"""Blobs arrive whole and right, or not at all."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from fakes.blobs import AMD64, make_image
from fakes.connecting import Connect, of, pushed, read
from fakes.registry import FakeRegistry, Reply, cut, flipped, promising, stall, status
from stagemill.errors import CancelledError, CorruptError, NotFoundError, RegistryError
from stagemill.oci.blobs import chunks
from stagemill.oci.descriptor import Descriptor
from stagemill.registry.client import RegistryClient
from stagemill.registry.config import RegistryConfig
from stagemill.registry.retry import Retries


class TestBlobs:
    def test_a_blob_that_is_missing_is_named(self, registry: FakeRegistry, connect: Connect) -> None:
        image = pushed(registry)
        layer = image.manifest.layers[0]
        del registry.blobs.data[layer.digest]

        with pytest.raises(NotFoundError) as caught:
            read(connect(), of(registry), layer)

        where = registry.host
        assert caught.value.message == f"there is no blob {layer.digest} of {where}/team/app:1.0 at {where}"

    def test_a_blob_arrives_as_it_is(self, registry: FakeRegistry, connect: Connect) -> None:
        image = pushed(registry)

        data = read(connect(), of(registry), image.manifest.layers[0])

        assert data == registry.blobs.read(image.manifest.layers[0].digest)

    def test_wrong_bytes_never_end_well(self, registry: FakeRegistry, connect: Connect) -> None:
        image = pushed(registry)
        registry.fail("/blobs/", flipped)

        with pytest.raises(CorruptError) as caught:
            read(connect(), of(registry), image.manifest.layers[0])

        assert f"from {registry.host} is not what its name says: its bytes are sha256:" in caught.value.message

    def test_a_blob_that_is_longer_than_its_descriptor_is_refused(
        self, registry: FakeRegistry, connect: Connect
    ) -> None:
        image = pushed(registry)
        layer = image.manifest.layers[0]
        short = Descriptor(layer.media_type, layer.digest, layer.size - 1)

        with pytest.raises(CorruptError, match=f"it is longer than {short.size} bytes"):
            read(connect(), of(registry), short)

    @pytest.mark.parametrize("ranges", [True, False])
    def test_a_broken_transfer_goes_on_where_it_was(self, connect: Connect, pauses: list[float], ranges: bool) -> None:
        with FakeRegistry(ranges=ranges) as registry:
            image = pushed(registry)
            layer = image.manifest.layers[0]
            registry.fail("/blobs/", cut(10), cut(30))

            data = read(connect(), of(registry), layer)

            assert Descriptor(layer.media_type, image.manifest.layers[0].digest, len(data)) == layer
            asked = [seen.headers.get("range") for seen in registry.requests]
            assert asked == [None, "bytes=10-", "bytes=40-" if ranges else "bytes=30-"]
            assert pauses == [1.0, 1.0]

    def test_breaks_without_a_byte_in_between_end_the_transfer(
        self, registry: FakeRegistry, connect: Connect, pauses: list[float]
    ) -> None:
        image = pushed(registry)
        registry.fail("/blobs/", cut(10), *[cut(0)] * 9)

        with pytest.raises(RegistryError) as caught:
            read(connect(), of(registry), image.manifest.layers[0])

        assert caught.value.message.endswith(f"from {registry.host}: the connection broke off")
        assert caught.value.hint == "try again; what has arrived whole is kept"
        assert pauses == [1.0, 2.0, 4.0]

    def test_a_blob_that_is_shorter_than_its_descriptor_is_refused(
        self, registry: FakeRegistry, connect: Connect
    ) -> None:
        image = pushed(registry)
        layer = image.manifest.layers[0]
        long = Descriptor(layer.media_type, layer.digest, layer.size + 1)
        registry.fail("/blobs/", *[lambda right: right] * 9)

        with pytest.raises(RegistryError, match="416"):
            read(connect(), of(registry), long)

    def test_an_answer_that_promises_more_than_comes_is_whole_where_the_blob_is(
        self, registry: FakeRegistry, connect: Connect, pauses: list[float]
    ) -> None:
        image = pushed(registry)
        layer = image.manifest.layers[0]
        registry.fail("/blobs/", promising(layer.size + 7))

        assert len(read(connect(), of(registry), layer)) == layer.size
        assert pauses == []

    def test_one_that_promises_less_is_gone_on_with(
        self, registry: FakeRegistry, connect: Connect, pauses: list[float]
    ) -> None:
        image = pushed(registry)
        layer = image.manifest.layers[0]
        registry.fail("/blobs/", promising(20))

        assert len(read(connect(), of(registry), layer)) == layer.size
        assert [seen.headers.get("range") for seen in registry.requests] == [None, "bytes=20-"]
        assert pauses == [1.0]

    def test_a_part_that_is_not_the_one_that_was_asked_for_is_refused(
        self, registry: FakeRegistry, connect: Connect
    ) -> None:
        image = pushed(registry)
        registry.fail("/blobs/", cut(10), lambda right: Reply(206, {"Content-Range": "bytes 9-99/100"}, right.body))

        with pytest.raises(RegistryError, match="asked for the bytes from 10 on, it sent 'bytes 9-99/100'"):
            read(connect(), of(registry), image.manifest.layers[0])

    def test_many_threads_share_a_client(self, registry: FakeRegistry, connect: Connect) -> None:
        image = make_image(registry.blobs, *[{f"file{i}": bytes([i]) * 200_000} for i in range(8)], compressed=False)
        registry.push("team/app", "1.0", image)
        client = connect()

        with ThreadPoolExecutor(8) as pool:
            data = list(pool.map(lambda layer: read(client, of(registry), layer), image.manifest.layers))

        assert data == [registry.blobs.read(layer.digest) for layer in image.manifest.layers]


class TestCancelling:
    def test_a_cancelled_client_asks_nothing(self, registry: FakeRegistry, connect: Connect) -> None:
        with pytest.raises(CancelledError):
            connect(cancelled=lambda: True).resolve(of(registry), AMD64)

        assert registry.requests == []

    def test_a_stream_stops_where_somebody_cancels(self, registry: FakeRegistry, connect: Connect) -> None:
        image = make_image(registry.blobs, {"big": bytes(3 << 20)}, compressed=False)
        registry.push("team/app", "1.0", image)
        stop = threading.Event()
        client = connect(cancelled=stop.is_set)

        with client.blobs(of(registry)).open(image.manifest.layers[0]) as reader:
            assert reader.read(10) == b"big" + bytes(7)
            stop.set()
            with pytest.raises(CancelledError) as caught:
                reader.read(10)

        assert caught.value.message == "the transfer was stopped"

    def test_closing_the_client_ends_a_stream(self, registry: FakeRegistry, connect: Connect) -> None:
        image = pushed(registry)
        client = connect()

        with client.blobs(of(registry)).open(image.manifest.layers[0]) as reader:
            client.close()
            with pytest.raises(CancelledError):
                reader.read(1 << 20)

    def test_closing_the_client_wakes_who_waits_for_bytes(self, registry: FakeRegistry, connect: Connect) -> None:
        image = pushed(registry)
        released = threading.Event()
        registry.fail("/blobs/", stall(10, until=released))
        client = connect()
        threading.Timer(0.2, client.close).start()

        with pytest.raises(CancelledError), client.blobs(of(registry)).open(image.manifest.layers[0]) as reader:
            list(chunks(reader))

        released.set()

    def test_a_closed_client_answers_nobody(self, registry: FakeRegistry, connect: Connect) -> None:
        client = connect()
        client.close()

        with pytest.raises(CancelledError):
            client.resolve(of(registry), AMD64)

    def test_a_pause_ends_when_the_client_is_closed(self, registry: FakeRegistry) -> None:
        registry.fail("/manifests/", *[status(503)] * 9)
        client = RegistryClient(RegistryConfig(), retries=Retries(first=60.0, longest=60.0))
        threading.Timer(0.2, client.close).start()

        with pytest.raises(CancelledError):
            client.resolve(of(registry), AMD64)
