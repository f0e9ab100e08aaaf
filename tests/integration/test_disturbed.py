"""Debian's docker-registry behind all kinds of disturbances: nothing corrupt is stored or pushed, and every retry ends."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from fakes.blobs import AMD64, MemoryBlobs, make_image
from fakes.chopper import Chopper
from fakes.distribution import running
from fakes.disturbed import Disturbed
from fakes.mill import Mill
from fakes.registry import (
    FakeRegistry,
    Fault,
    Reply,
    cut,
    elsewhere,
    flipped,
    promising,
    slow,
    stall,
    status,
)
from stagemill.errors import RegistryError
from stagemill.oci.blobs import chunks
from stagemill.oci.image import Image
from stagemill.oci.reference import Reference
from stagemill.registry import transport
from stagemill.registry.client import RegistryClient
from stagemill.registry.config import RegistryConfig
from stagemill.registry.credentials import Credentials

MEBIBYTE = 1 << 20
OFTEN = 30
QUICK = ("--retry-delay", "0s")
ALICE = Credentials("alice", "secret")


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    with running(tmp_path / "registry") as host:
        yield host


@pytest.fixture
def between(registry: str) -> Iterator[Disturbed]:
    with Disturbed(registry) as disturbed:
        yield disturbed


@pytest.fixture
def image(registry: str) -> Image:
    """It is `team/app:1`, with a layer of three mebibytes that cannot be compressed."""
    blobs = MemoryBlobs()
    made = make_image(blobs, {"small": b"1"}, {"big": os.urandom(3 * MEBIBYTE)})
    with RegistryClient(RegistryConfig()) as client:
        destination = client.destination(Reference.parse(f"{registry}/team/app:1"))
        for blob in (*made.manifest.layers, made.manifest.config):
            destination.send(blob, blobs)
        destination.put_manifest(made.manifest_bytes, media_type=made.manifest.media_type, name="1")
    return made


def big(image: Image) -> str:
    return str(image.manifest.layers[1].digest)


def pulled(mill: Mill, image: Image) -> bool:
    """Whether the store has the image whole, and all that it has is whole."""
    report = mill.ok("store", "check").out
    assert "all whole" in report
    return all((mill.root / "blobs/sha256" / blob.digest.hex).exists() for blob in image.manifest.layers)


class TestPull:
    @pytest.mark.parametrize(
        "faults",
        [
            [cut(MEBIBYTE), cut(MEBIBYTE)],
            [status(429, Retry_After="0"), status(500), status(502)],
            [status(503, Retry_After="1")],
            [slow(MEBIBYTE // 4, 0.05)],
            [promising(4 * MEBIBYTE)],
            [promising(MEBIBYTE), promising(MEBIBYTE)],
            [cut(0)],
        ],
        ids=["drops", "busy", "wait", "slow", "longer", "truncated", "reset"],
    )
    def test_a_disturbance_that_passes_is_survived(
        self, mill: Mill, between: Disturbed, image: Image, faults: list[Fault]
    ) -> None:
        between.fail("GET", big(image), *faults)

        mill.ok("pull", *QUICK, f"{between.host}/team/app:1")

        assert pulled(mill, image)

    def test_what_came_is_not_asked_for_again(self, mill: Mill, between: Disturbed, image: Image) -> None:
        between.fail("GET", big(image), cut(MEBIBYTE), cut(MEBIBYTE))

        mill.ok("pull", *QUICK, f"{between.host}/team/app:1")

        asked = [seen.headers.get("range") for seen in between.seen("GET", big(image))]
        assert asked == [None, f"bytes={MEBIBYTE}-", f"bytes={2 * MEBIBYTE}-"]

    @pytest.mark.parametrize(
        ("faults", "requests", "words"),
        [
            ([status(503)] * OFTEN, 4, "answered status 503"),
            ([status(429)] * OFTEN, 4, "it answers only so many requests: wait a while"),
            ([cut(0)] * OFTEN, 4, "the connection broke off"),
            ([flipped], 1, "is not what its name says"),
            ([cut(1000)] * OFTEN, 4, "the connection broke off"),
            ([promising(1000)] * OFTEN, 4, "it ends after 4000 of "),
            ([status(404)] * OFTEN, 1, "there is no blob"),
            ([status(429, Retry_After="86400")], 1, "wait 86400 seconds"),
        ],
        ids=["503", "429", "reset", "wrong bytes", "drops", "truncated", "lost", "a day"],
    )
    def test_one_that_stays_ends_in_an_error_and_nothing_is_kept(
        self, mill: Mill, between: Disturbed, image: Image, faults: list[Fault], requests: int, words: str
    ) -> None:
        between.fail("GET", big(image), *faults)

        said = mill.fail("pull", *QUICK, f"{between.host}/team/app:1")

        assert words in said
        assert len(between.seen("GET", big(image))) == requests
        assert not pulled(mill, image)
        assert f"{between.host}/team/app" not in mill.ok("images").out

    def test_a_wrong_manifest_is_no_image(self, mill: Mill, between: Disturbed, image: Image) -> None:
        between.fail("GET", "/manifests/", flipped)

        said = mill.fail("pull", f"{between.host}/team/app:1")

        assert f"is not {image.digest}: its bytes are sha256:" in said
        assert not pulled(mill, image)

    def test_a_stalled_transfer_is_given_up_and_gone_on_with(
        self, between: Disturbed, image: Image, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        between.fail("GET", big(image), stall(MEBIBYTE, until=Event()))
        reference = Reference.parse(f"{between.host}/team/app:1")

        with RegistryClient(RegistryConfig(), sleep=lambda _seconds: None) as client:
            found = client.resolve(reference, AMD64)
            monkeypatch.setattr(transport, "_READ_TIMEOUT", 3.0)
            with client.blobs(reference).open(found.manifest.layers[1]) as reader:
                data = b"".join(chunks(reader))

        assert len(data) == image.manifest.layers[1].size
        assert [seen.headers.get("range") for seen in between.seen("GET", big(image))][1] == f"bytes={MEBIBYTE}-"

    def test_a_killed_pull_is_gone_on_with(self, mill: Mill, between: Disturbed, image: Image) -> None:
        between.fail("GET", big(image), stall(2 * MEBIBYTE, until=Event()))
        begun = mill.root / "partial" / image.manifest.layers[1].digest.hex
        with mill.start("pull", f"{between.host}/team/app:1") as process:
            wait_for(lambda: begun.exists() and begun.stat().st_size == 2 * MEBIBYTE)
            process.kill()

        assert not pulled(mill, image)
        mill.ok("pull", f"{between.host}/team/app:1")

        assert pulled(mill, image)
        assert between.seen("GET", big(image))[-1].headers["range"] == f"bytes={2 * MEBIBYTE}-"
        assert list(begun.parent.iterdir()) == []

    def test_so_is_a_build_and_what_was_damaged_meanwhile_is_fetched_again(
        self, mill: Mill, between: Disturbed, image: Image
    ) -> None:
        between.fail("GET", big(image), stall(2 * MEBIBYTE, until=Event()))
        begun = mill.root / "partial" / image.manifest.layers[1].digest.hex
        mill.write(
            {"Dockerfile": f"FROM {between.host}/team/app:1 AS base\nFROM scratch\nCOPY --from=base /big /big\n"}
        )
        with mill.start("build", "-t", "app", ".") as process:
            wait_for(lambda: begun.exists() and begun.stat().st_size == 2 * MEBIBYTE)
            process.kill()
        with begun.open("r+b") as file:
            file.seek(MEBIBYTE)
            file.write(bytes(1000))

        mill.ok("build", "-t", "app", ".")

        assert "all whole" in mill.ok("store", "check").out
        assert (mill.root / "blobs/sha256" / image.manifest.layers[1].digest.hex).exists()
        asked = [seen.headers.get("range") for seen in between.seen("GET", big(image))]
        assert asked == [None, f"bytes={2 * MEBIBYTE}-", None]


class TestRedirects:
    """Where a registry sends people on, as large ones do for blobs."""

    def test_another_host_gets_no_authorization(self, tmp_path: Path) -> None:
        with running(tmp_path / "registry", auth=True) as host, Disturbed(host) as between, FakeRegistry() as other:
            blobs = MemoryBlobs()
            made = make_image(blobs, {"big": os.urandom(MEBIBYTE)})
            reference = Reference.parse(f"{between.host}/team/app:1")
            with RegistryClient(RegistryConfig(credentials=lambda _place: ALICE)) as client:
                destination = client.destination(reference)
                for blob in (*made.manifest.layers, made.manifest.config):
                    destination.send(blob, blobs)
                destination.put_manifest(made.manifest_bytes, media_type=made.manifest.media_type, name="1")
                (layer,) = made.manifest.layers
                other.blobs.put(blobs.read(layer.digest))
                other.fail(layer.digest, cut(1000))
                url = f"http://{other.host}/v2/any/blobs/{layer.digest}?signature=x"
                between.fail("GET", layer.digest, *[elsewhere(url)] * 2)

                with client.blobs(reference).open(layer) as reader:
                    data = b"".join(chunks(reader))

            assert data == blobs.read(layer.digest)
            assert [seen.headers.get("range") for seen in other.requests] == [None, "bytes=1000-"]
            assert [seen.headers.get("authorization") for seen in other.requests] == [None, None]
            assert all(seen.headers["authorization"] == ALICE.basic for seen in between.seen("GET", layer.digest))

    def test_going_round_in_a_circle_ends(self, between: Disturbed, image: Image) -> None:
        place = f"http://{between.host}/v2/team/app/blobs/{big(image)}"
        between.fail("GET", big(image), *[elsewhere(place)] * OFTEN)
        reference = Reference.parse(f"{between.host}/team/app:1")

        with (
            RegistryClient(RegistryConfig(), sleep=lambda _seconds: None) as client,
            pytest.raises(RegistryError, match="redirects more than 5 times"),
            client.blobs(reference).open(image.manifest.layers[1]) as reader,
        ):
            list(chunks(reader))

        assert len(between.seen("GET", big(image))) == 6


class TestPush:
    @pytest.fixture
    def app(self, mill: Mill) -> Mill:
        """A store with the image `app`, of a layer of 3 mebibytes."""
        mill.write({"big": os.urandom(3 * MEBIBYTE), "Dockerfile": "FROM scratch\nCOPY big /\n"})
        mill.ok("build", "-t", "app", ".")
        return mill

    def same(self, app: Mill, registry: str, other: Mill) -> bool:
        """Whether somebody else gets out of the registry what the store has."""
        other.ok("pull", f"{registry}/team/app:1")
        found = [json.loads(mill.ok("images", "--json").out) for mill in (app, other)]
        digests = [{image["name"]: image["digest"] for image in images} for images in found]
        return bool(digests[0]["docker.io/library/app:latest"] == digests[1][f"{registry}/team/app:1"])

    @pytest.mark.parametrize(
        ("method", "part", "faults", "unheard"),
        [
            ("POST", "/uploads/", [status(503), status(429, Retry_After="0"), status(500)], True),
            ("PUT", "/uploads/", [status(500)], True),
            ("PUT", "/uploads/", [status(502)], False),
            ("PUT", "/manifests/", [status(503), status(502)], False),
            ("HEAD", "/blobs/", [status(500), status(503)], True),
            ("PUT", "/uploads/", [cut(0)], False),
        ],
    )
    def test_a_disturbance_that_passes_is_survived(
        self,
        app: Mill,
        registry: str,
        between: Disturbed,
        tmp_path: Path,
        method: str,
        part: str,
        faults: list[Fault],
        unheard: bool,
    ) -> None:
        between.fail(method, part, *faults, unheard=unheard)

        app.ok("push", *QUICK, "app", f"{between.host}/team/app:1")

        (tmp_path / "other").mkdir()
        assert self.same(app, registry, Mill(tmp_path / "other/store", tmp_path / "other"))

    @pytest.mark.parametrize(
        ("method", "part", "most"), [("POST", "/uploads/", 8), ("PUT", "/uploads/", 8), ("PUT", "/manifests/", 4)]
    )
    def test_one_that_stays_ends_in_an_error_and_no_image(
        self, app: Mill, registry: str, between: Disturbed, method: str, part: str, most: int
    ) -> None:
        between.fail(method, part, *[status(503)] * OFTEN, unheard=True)

        said = app.fail("push", *QUICK, "app", f"{between.host}/team/app:1")

        assert f"{between.host} answered status 503 when it was sent " in said
        assert len(between.seen(method, part)) <= most
        assert "there is no" in app.fail("pull", f"{registry}/team/app:1")

    def test_a_registry_that_keeps_something_else_is_told_of(self, app: Mill, between: Disturbed) -> None:
        wrong = f"sha256:{'0' * 64}"
        between.fail("PUT", "/manifests/", lambda _right: Reply(201, {"Docker-Content-Digest": wrong}))

        assert f"keeps the manifest of {between.host}/team/app:1 as {wrong}" in app.fail(
            "push", "app", f"{between.host}/team/app:1"
        )

    def test_a_byte_at_a_time_ends(self, app: Mill, registry: str) -> None:
        """Each connection breaks soon after it has begun to send."""
        with Chopper(registry, [2000] * 200) as chopper:
            said = app.fail("push", *QUICK, "app", f"{chopper.host}/team/app:1")

            assert "cannot send blob" in said
            assert chopper.chopped < 20


def wait_for(holds: object) -> None:
    assert callable(holds)
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)
