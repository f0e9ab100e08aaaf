"""What is sent to a repository, and what is done where that is disturbed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fakes.blobs import MemoryBlobs
from fakes.connecting import Connect, of
from fakes.registry import FakeRegistry, Reply, status
from stagemill.digest import Digest
from stagemill.errors import CorruptError, RegistryError
from stagemill.oci import media_types
from stagemill.oci.blobs import Reader
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.reference import Reference
from stagemill.registry.auth import joined
from stagemill.registry.client import RegistryClient
from stagemill.registry.config import HostSettings, Mirror, RegistryConfig
from stagemill.registry.credentials import Credentials
from stagemill.registry.destination import Destination
from stagemill.registry.endpoint import own_endpoints
from stagemill.registry.link import Link

MEBIBYTE = 1 << 20
UPLOADS = "/v2/team/app/blobs/uploads/"


def blob(blobs: MemoryBlobs, size: int = 3 * MEBIBYTE + 7) -> Descriptor:
    data = bytes(range(256)) * (size // 256 + 1)
    return Descriptor(media_types.LAYER_GZIP, blobs.put(data[:size]), size)


def to(client: RegistryClient, registry: FakeRegistry, name: str = "team/app:1.0") -> Destination:
    return client.destination(of(registry, name))


class Watched:
    """A source that counts how often it is opened."""

    def __init__(self, blobs: MemoryBlobs) -> None:
        self.blobs = blobs
        self.opened = 0

    @contextmanager
    def open(self, descriptor: Descriptor) -> Iterator[Reader]:
        self.opened += 1
        with self.blobs.open(descriptor) as reader:
            yield reader


class TestBlobs:
    @pytest.mark.parametrize("size", [0, 1, 2, 3 * MEBIBYTE])
    def test_a_blob_is_sent_as_one_stream(self, registry: FakeRegistry, connect: Connect, size: int) -> None:
        source = MemoryBlobs()
        sent = blob(source, size)

        way = to(connect(), registry).send(sent, source)

        assert way == "sent"
        assert registry.blobs.read(sent.digest) == source.read(sent.digest)
        assert [seen.method for seen in registry.requests] == ["HEAD", "POST", "PUT"]
        assert registry.requests[-1].headers["content-length"] == str(size)

    def test_what_is_there_is_not_read(self, registry: FakeRegistry, connect: Connect) -> None:
        sent = blob(registry.blobs)

        way = to(connect(), registry).send(sent, MemoryBlobs())

        assert way == "there"
        assert registry.paths() == [f"HEAD /v2/team/app/blobs/{sent.digest}"]

    def test_a_blob_of_another_size_is_not_taken_for_it(self, registry: FakeRegistry, connect: Connect) -> None:
        there = blob(registry.blobs, 100)
        destination = to(connect(), registry)

        assert destination.has(there)
        assert not destination.has(Descriptor(there.media_type, there.digest, 99))

    def test_another_repository_gives_the_blob(self, registry: FakeRegistry, connect: Connect) -> None:
        sent = Descriptor(media_types.LAYER, Digest.of(b"elsewhere"), 9)
        registry.uploads.mountable.add(("base/one", sent.digest))

        way = to(connect(), registry).send(sent, MemoryBlobs(), mounts=["base/one"])

        assert way == "mounted"
        assert registry.paths("uploads") == [f"POST {UPLOADS}?mount={sent.digest}&from=base%2Fone"]

    def test_where_no_other_repository_gives_it_it_is_sent_to_the_place_they_named(
        self, registry: FakeRegistry, connect: Connect
    ) -> None:
        source = MemoryBlobs()
        sent = blob(source)

        way = to(connect(), registry).send(sent, source, mounts=["base/one"])

        assert way == "sent"
        assert registry.blobs.has(sent)
        assert [seen.method for seen in registry.requests] == ["HEAD", "POST", "PUT"]

    def test_a_repository_that_must_not_be_read_is_no_obstacle(self, registry: FakeRegistry, connect: Connect) -> None:
        source = MemoryBlobs()
        sent = blob(source)
        registry.fail("from=secret", status(403))

        way = to(connect(), registry).send(sent, source, mounts=["secret/one"])

        assert way == "sent"
        assert registry.blobs.has(sent)

    def test_wrong_bytes_are_not_kept(self, registry: FakeRegistry, connect: Connect) -> None:
        source = MemoryBlobs()
        sent = blob(source)
        source.data[sent.digest] = source.data[sent.digest][:-1] + b"!"

        with pytest.raises(CorruptError):
            to(connect(), registry).send(sent, source)

        assert registry.blobs.data == {}

    def test_the_place_may_be_named_as_a_whole_url(self, registry: FakeRegistry, connect: Connect) -> None:
        source = MemoryBlobs()
        sent = blob(source)
        registry.uploads.base = f"http://{registry.host}"

        to(connect(), registry).send(sent, source)

        assert registry.blobs.has(sent)

    def test_a_mirror_is_not_written_to(self, registry: FakeRegistry, connect: Connect) -> None:
        with FakeRegistry() as mirror:
            config = RegistryConfig({registry.host: HostSettings((Mirror(mirror.host),), fallback=False)})
            source = MemoryBlobs()
            sent = blob(source)

            to(connect(config), registry).send(sent, source)

            assert registry.blobs.has(sent)
            assert mirror.requests == []

    def test_where_https_is_not_spoken_an_insecure_registry_is_written_to_by_http(
        self, registry: FakeRegistry, connect: Connect
    ) -> None:
        config = RegistryConfig({registry.host: HostSettings(insecure=True)})
        source = MemoryBlobs()
        sent = blob(source)

        to(connect(config), registry).send(sent, source)

        assert registry.blobs.has(sent)


class TestDisturbances:
    def test_a_transfer_that_broke_goes_on_where_the_registry_has_it(
        self, registry: FakeRegistry, connect: Connect, pauses: list[float]
    ) -> None:
        source = MemoryBlobs()
        sent = blob(source)
        registry.breaks[:] = [2 * MEBIBYTE]

        way = to(connect(), registry).send(sent, source)

        assert way == "sent"
        assert registry.blobs.read(sent.digest) == source.read(sent.digest)
        (piece,) = [seen for seen in registry.requests if seen.method == "PATCH"]
        assert piece.headers["content-range"] == f"{2 * MEBIBYTE}-{sent.size - 1}"
        assert pauses == [1.0]

    def test_where_it_has_nothing_the_transfer_begins_anew(
        self, registry: FakeRegistry, connect: Connect, pauses: list[float]
    ) -> None:
        source = Watched(MemoryBlobs())
        sent = blob(source.blobs)
        registry.uploads.keeps = False
        registry.breaks[:] = [2 * MEBIBYTE, 100]

        to(connect(), registry).send(sent, source)

        assert registry.blobs.has(sent)
        assert pauses == [1.0, 2.0]
        assert source.opened == 3

    def test_attempts_that_bring_nothing_end(
        self, registry: FakeRegistry, connect: Connect, pauses: list[float]
    ) -> None:
        source = MemoryBlobs()
        sent = blob(source)
        registry.uploads.keeps = False
        registry.breaks[:] = [100] * 9

        with pytest.raises(RegistryError) as caught:
            to(connect(), registry).send(sent, source)

        assert pauses == [1.0, 2.0, 4.0]
        expected = f"cannot send blob {sent.digest} for {registry.host}/team/app:1.0 to {registry.host}: the connection"
        assert caught.value.message.startswith(expected)
        assert caught.value.hint == "check the name, the network and the proxy settings"

    def test_attempts_that_bring_something_count_anew(
        self, registry: FakeRegistry, connect: Connect, pauses: list[float]
    ) -> None:
        source = MemoryBlobs()
        sent = blob(source)
        registry.breaks[:] = [MEBIBYTE // 2] * 5

        to(connect(), registry).send(sent, source)

        assert registry.blobs.read(sent.digest) == source.read(sent.digest)
        assert pauses == [1.0] * 5

    @pytest.mark.parametrize("code", [429, 500, 503])
    def test_a_passing_refusal_is_waited_out(
        self, registry: FakeRegistry, connect: Connect, pauses: list[float], code: int
    ) -> None:
        source = MemoryBlobs()
        sent = blob(source)
        registry.fail("digest=", status(code, Retry_After="7"))

        to(connect(), registry).send(sent, source)

        assert registry.blobs.has(sent)
        assert pauses == [7.0]

    def test_a_blob_that_arrived_though_the_answer_was_lost_is_not_sent_twice(
        self, registry: FakeRegistry, connect: Connect
    ) -> None:
        source = Watched(MemoryBlobs())
        sent = blob(source.blobs)
        registry.fail("digest=", status(502))  # the blob was taken all the same

        way = to(connect(), registry).send(sent, source)

        assert way == "there"
        assert source.opened == 1

    def test_an_upload_that_the_registry_forgot_begins_anew(self, registry: FakeRegistry, connect: Connect) -> None:
        source = MemoryBlobs()
        sent = blob(source)

        def forget(right: Reply) -> Reply:
            registry.uploads.open.clear()
            return status(404)(right)

        registry.fail("/blobs/uploads/u0", forget)

        to(connect(), registry).send(sent, source)

        assert registry.blobs.has(sent)

    def test_where_one_request_must_not_be_large_there_are_several(
        self, registry: FakeRegistry, connect: Connect, pauses: list[float]
    ) -> None:
        source = Watched(MemoryBlobs())
        sent = blob(source.blobs)
        registry.uploads.largest = 2 * MEBIBYTE

        to(connect(), registry).send(sent, source)

        assert registry.blobs.read(sent.digest) == source.blobs.read(sent.digest)
        good = [seen for seen in registry.requests if seen.method == "PATCH" and len(seen.body) <= 2 * MEBIBYTE]
        assert [seen.headers["content-range"].partition("-")[0] for seen in good] == [
            str(number * MEBIBYTE) for number in range(4)
        ]
        assert pauses == []

    def test_a_piece_that_broke_off_is_sent_from_where_it_did(self, registry: FakeRegistry, connect: Connect) -> None:
        source = MemoryBlobs()
        sent = blob(source)
        registry.breaks[:] = [MEBIBYTE, MEBIBYTE // 3]

        to(connect(), registry).send(sent, source)

        assert registry.blobs.read(sent.digest) == source.read(sent.digest)

    def test_wrong_bytes_in_pieces_are_not_kept_either(self, registry: FakeRegistry, connect: Connect) -> None:
        source = MemoryBlobs()
        sent = blob(source)
        source.data[sent.digest] = source.data[sent.digest][:-1] + b"!"
        registry.uploads.largest = 2 * MEBIBYTE

        with pytest.raises(CorruptError):
            to(connect(), registry).send(sent, source)

        assert registry.blobs.data == {}

    def test_a_refusal_that_stays_is_told(self, registry: FakeRegistry, connect: Connect) -> None:
        source = MemoryBlobs()
        sent = blob(source)
        registry.fail("digest=", status(400, message="digest invalid"))

        with pytest.raises(RegistryError) as caught:
            to(connect(), registry).send(sent, source)

        where = registry.host
        thing = f"blob {sent.digest} for {where}/team/app:1.0"
        assert caught.value.message == f"{where} answered status 400, digest invalid when it was sent {thing}"
        assert caught.value.hint == "try again later; what has arrived whole is not sent again"

    def test_an_answer_without_a_place_is_told(self, registry: FakeRegistry, connect: Connect) -> None:
        source = MemoryBlobs()
        sent = blob(source)
        registry.fail("/blobs/uploads/", status(202))

        with pytest.raises(RegistryError, match="answered status 202 without a place to send to when it was sent blob"):
            to(connect(), registry).send(sent, source)


class TestWhoSends:
    def test_one_token_is_asked_for_reading_and_writing(self, connect: Connect) -> None:
        with FakeRegistry(auth="bearer") as registry:
            source = MemoryBlobs()
            sent = blob(source)

            to(connect(), registry).send(sent, source)

            assert registry.blobs.has(sent)
            scope = "scope=repository%3Ateam%2Fapp%3Apull%2Cpush"
            assert registry.paths("/token") == [f"GET /token?extra=1&service=fake&{scope}"]

    def test_a_token_for_reading_is_replaced_by_one_for_writing(self, connect: Connect) -> None:
        with FakeRegistry(auth="bearer") as registry:
            registry.tokens[:] = ["reader"]
            registry.readers.add("reader")
            source = MemoryBlobs()
            sent = blob(source)
            client = connect()
            assert not to(client, registry).has(sent)
            registry.tokens.append("writer")

            to(client, registry).send(sent, source)

            assert registry.blobs.has(sent)

    def test_who_may_only_read_is_told_what_to_do(self, connect: Connect) -> None:
        with FakeRegistry(auth="bearer") as registry:
            registry.readers.add("token-1")
            source = MemoryBlobs()
            sent = blob(source)
            config = RegistryConfig(credentials=lambda _host: Credentials("alice", "secret"))

            with pytest.raises(RegistryError) as caught:
                to(connect(config), registry).send(sent, source)

            where = registry.host
            assert caught.value.message == (
                f"{where} does not take blob {sent.digest} for {where}/team/app:1.0:"
                " it wants a login, or there is no such repository (it wants the scope repository:team/app:pull,push)"
            )
            assert caught.value.hint == f"it needs a login that may push to team/app: stagemill login {where} keeps one"
            assert "secret" not in str(caught.value) + str(caught.value.hint)

    def test_a_place_at_another_host_gets_no_credentials(self, connect: Connect) -> None:
        with FakeRegistry(auth="basic") as registry, FakeRegistry() as elsewhere:
            source = MemoryBlobs()
            sent = blob(source)
            elsewhere.uploads.open["u0"] = bytearray()
            registry.uploads.base = f"http://{elsewhere.host}"
            config = RegistryConfig(credentials=lambda _host: Credentials("alice", "secret"))

            to(connect(config), registry).send(sent, source)

            assert elsewhere.blobs.has(sent)
            assert [seen.headers.get("authorization") for seen in elsewhere.requests] == [None]

    def test_a_place_that_a_registry_behind_a_proxy_names_is_asked_by_https(self, connect: Connect) -> None:
        config = RegistryConfig()
        (endpoint,) = own_endpoints(config, "registry.example")
        link = Link(
            Reference.parse("registry.example/team/app"), endpoints=[endpoint], session=connect(config)._session
        )

        assert link.place(Placed("http://registry.example/v2/x?a=b")) == "https://registry.example/v2/x?a=b"
        assert link.place(Placed("http://other.example/v2/x")) == "http://other.example/v2/x"

    def test_scopes_are_joined_by_what_they_are_of(self) -> None:
        found = joined(
            ["repository:a:pull", "repository:b/c:pull", "repository:a:pull,push", "registry:catalog:*", "x"]
        )

        assert found == ("repository:a:pull,push", "repository:b/c:pull", "registry:catalog:*", "x")


class Placed:
    """An answer that names a place."""

    url = ""
    status = 202

    def __init__(self, location: str) -> None:
        self.location = location

    def header(self, name: str) -> str:
        return self.location if name == "Location" else ""

    def read(self, _size: int, /) -> bytes:
        return b""

    def close(self) -> None:
        """There is nothing to close."""


class TestManifests:
    def test_a_manifest_is_there_under_its_tag_and_its_digest(self, registry: FakeRegistry, connect: Connect) -> None:
        data = b'{"schemaVersion":2}'
        destination = to(connect(), registry)

        destination.put_manifest(data, media_type=media_types.MANIFEST, name="1.0")

        assert registry.manifests["team/app", "1.0"] == (media_types.MANIFEST, data)
        assert destination.find_manifest("1.0") == Digest.of(data)
        assert destination.find_manifest(Digest.of(data)) == Digest.of(data)
        assert destination.find_manifest("2.0") is None

    def test_a_passing_disturbance_is_waited_out(
        self, registry: FakeRegistry, connect: Connect, pauses: list[float]
    ) -> None:
        registry.fail("/manifests/", status(503), status(500))

        to(connect(), registry).put_manifest(b"{}", media_type=media_types.MANIFEST, name="1.0")

        assert registry.manifests["team/app", "1.0"] == (media_types.MANIFEST, b"{}")
        assert pauses == [1.0, 2.0]

    def test_a_registry_that_changes_it_is_told(self, registry: FakeRegistry, connect: Connect) -> None:
        other = Digest.of(b"other")
        registry.fail("/manifests/", status(201, Docker_Content_Digest=other))

        with pytest.raises(RegistryError) as caught:
            to(connect(), registry).put_manifest(b"{}", media_type=media_types.MANIFEST, name="1.0")

        where = registry.host
        assert (
            caught.value.message
            == f"{where} keeps the manifest of {where}/team/app:1.0 as {other}, not as {Digest.of(b'{}')}"
        )
        assert caught.value.hint == "the registry changes what it is sent: update it, or use another one"

    def test_a_blob_that_is_missing_is_told_by_the_registry(self, registry: FakeRegistry, connect: Connect) -> None:
        registry.fail("/manifests/", status(400, message="blob unknown to registry"))

        with pytest.raises(
            RegistryError, match="answered status 400, blob unknown to registry when it was sent the manifest"
        ):
            to(connect(), registry).put_manifest(b"{}", media_type=media_types.MANIFEST, name="1.0")
