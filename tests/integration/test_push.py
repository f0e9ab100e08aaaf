"""Writing to Debian's docker-registry; what it has then, others read."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from fakes.blobs import AMD64, MemoryBlobs, make_image
from fakes.chopper import Chopper
from fakes.distribution import running
from fakes.mill import Mill
from fakes.tokens import TokenServer
from stagemill.errors import RegistryError
from stagemill.oci.blobs import chunks
from stagemill.oci.image import Image
from stagemill.oci.reference import Reference
from stagemill.registry.client import RegistryClient
from stagemill.registry.config import HostSettings, RegistryConfig
from stagemill.registry.credentials import Credentials

MEBIBYTE = 1 << 20
ALICE = Credentials("alice", "secret")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., str]]:
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(running(tmp_path / "registry", **options))


def push(client: RegistryClient, name: str, image: Image, blobs: MemoryBlobs, *mounts: str) -> list[str]:
    """Sends an image; how its blobs came there."""
    reference = Reference.parse(name)
    destination = client.destination(reference)
    ways = [destination.send(blob, blobs, mounts=mounts) for blob in (*image.manifest.layers, image.manifest.config)]
    destination.put_manifest(image.manifest_bytes, media_type=image.manifest.media_type, name=reference.tag)
    return list(ways)


def big(blobs: MemoryBlobs, size: int) -> Image:
    return make_image(blobs, {"small": b"1"}, {"big": os.urandom(size)})


def test_skopeo_reads_what_was_pushed(start: Callable[..., str], skopeo: str, tmp_path: Path) -> None:
    host, blobs = start(), MemoryBlobs()
    image = big(blobs, 5 * MEBIBYTE)

    with RegistryClient(RegistryConfig()) as client:
        ways = push(client, f"{host}/team/app:1", image, blobs)
        again = push(client, f"{host}/team/app:2", image, blobs)

    assert (ways, again) == (["sent"] * 3, ["there"] * 3)
    layout = tmp_path / "layout"
    subprocess.run(
        [skopeo, "copy", "--src-tls-verify=false", f"docker://{host}/team/app:2", f"oci:{layout}:it"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    (entry,) = json.loads((layout / "index.json").read_text())["manifests"]
    assert entry["digest"] == image.digest
    for blob in (*image.manifest.layers, image.manifest.config):
        assert (layout / "blobs/sha256" / blob.digest.hex).read_bytes() == blobs.read(blob.digest)


def test_a_blob_is_taken_over_from_another_repository(start: Callable[..., str]) -> None:
    host, blobs = start(), MemoryBlobs()
    image = big(blobs, 100)

    with RegistryClient(RegistryConfig()) as client:
        push(client, f"{host}/base/one:1", image, blobs)
        ways = push(client, f"{host}/team/app:1", image, MemoryBlobs(), "base/none", "base/one")

        assert ways == ["mounted"] * 3
        assert client.resolve(Reference.parse(f"{host}/team/app:1"), AMD64) == image


def test_a_manifest_without_its_blobs_is_refused(start: Callable[..., str]) -> None:
    host, blobs = start(), MemoryBlobs()
    image = big(blobs, 100)

    with RegistryClient(RegistryConfig()) as client, pytest.raises(RegistryError) as caught:
        destination = client.destination(Reference.parse(f"{host}/team/app:1"))
        destination.put_manifest(image.manifest_bytes, media_type=image.manifest.media_type, name="1")

    assert f"{host} answered status 400, blob unknown to registry" in caught.value.message


def test_a_broken_transfer_goes_on(start: Callable[..., str]) -> None:
    host, blobs = start(), MemoryBlobs()
    image = big(blobs, 40 * MEBIBYTE)

    with (
        Chopper(host, [8 * MEBIBYTE, 5 * MEBIBYTE]) as chopper,
        RegistryClient(RegistryConfig(), sleep=lambda _seconds: None) as client,
    ):
        push(client, f"{chopper.host}/team/app:1", image, blobs)

        assert chopper.chopped == 2
        reference = Reference.parse(f"{host}/team/app:1")
        with client.blobs(reference).open(image.manifest.layers[1]) as reader:
            assert b"".join(chunks(reader)) == blobs.read(image.manifest.layers[1].digest)


class TestBasicAuthorization:
    @pytest.mark.parametrize("tls", [False, True])
    def test_who_may_push_does(self, start: Callable[..., str], tmp_path: Path, tls: bool) -> None:
        host, blobs = start(auth=True, tls=tls), MemoryBlobs()
        image = big(blobs, 100)
        hosts = {host: HostSettings(ca=tmp_path / "registry/cert.pem")} if tls else {}

        with RegistryClient(RegistryConfig(hosts, credentials=lambda _host: ALICE)) as client:
            push(client, f"{host}/team/app:1", image, blobs)

            assert client.resolve(Reference.parse(f"{host}/team/app:1"), AMD64) == image

    def test_nobody_else_does(self, start: Callable[..., str]) -> None:
        host, blobs = start(auth=True), MemoryBlobs()
        image = big(blobs, 100)

        with RegistryClient(RegistryConfig()) as client, pytest.raises(RegistryError) as caught:
            push(client, f"{host}/team/app:1", image, blobs)

        assert caught.value.message.startswith(f"{host} does not take blob {image.manifest.layers[0].digest}")
        assert f"stagemill login {host}" in str(caught.value.hint)


class TestBearerTokens:
    @pytest.fixture
    def tokens(self, tmp_path: Path) -> Iterator[TokenServer]:
        with TokenServer(tmp_path / "tokens") as server:
            yield server

    def test_one_token_is_for_reading_and_writing(self, start: Callable[..., str], tokens: TokenServer) -> None:
        host, blobs = start(token=tokens.settings), MemoryBlobs()
        image = big(blobs, 100)

        with RegistryClient(RegistryConfig(credentials=lambda _host: ALICE)) as client:
            push(client, f"{host}/team/app:1", image, blobs)

        assert tokens.asked == [["repository:team/app:pull,push"]]
        with RegistryClient(RegistryConfig()) as client:
            assert client.resolve(Reference.parse(f"{host}/team/app:1"), AMD64) == image

    def test_a_token_for_two_repositories_is_asked_for_where_one_gives_to_the_other(
        self, start: Callable[..., str], tokens: TokenServer
    ) -> None:
        host, blobs = start(token=tokens.settings), MemoryBlobs()
        image = big(blobs, 100)

        with RegistryClient(RegistryConfig(credentials=lambda _host: ALICE)) as client:
            push(client, f"{host}/private/base:1", image, blobs)
            ways = push(client, f"{host}/team/app:1", image, MemoryBlobs(), "private/base")

        assert ways == ["mounted"] * 3
        asked = {
            name: set(actions.split(",")) for name, _, actions in (scope.rpartition(":") for scope in tokens.asked[-1])
        }
        assert asked == {"repository:private/base": {"pull"}, "repository:team/app": {"pull", "push"}}

    def test_an_anonymous_reader_does_not_push(self, start: Callable[..., str], tokens: TokenServer) -> None:
        host, blobs = start(token=tokens.settings), MemoryBlobs()
        image = big(blobs, 100)

        with RegistryClient(RegistryConfig()) as client, pytest.raises(RegistryError) as caught:
            push(client, f"{host}/team/app:1", image, blobs)

        assert caught.value.message.startswith(f"{host} does not take blob")
        assert len(tokens.asked) <= 4


class TestBuilds:
    """What a build pushes, others read."""

    def read(self, skopeo: str, name: str, *flags: str) -> dict[str, Any]:
        done = subprocess.run(
            [skopeo, "inspect", "--tls-verify=false", *flags, f"docker://{name}"],
            check=True, capture_output=True, timeout=60,
        )  # fmt: skip
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def test_a_second_repository_is_given_the_blobs_of_the_first(
        self, start: Callable[..., str], mill: Mill, skopeo: str, tmp_path: Path
    ) -> None:
        host = start()
        names = [f"{host}/team/{name}" for name in ("one:1", "other:2")]
        mill.build('FROM busybox\nRUN head -c 3000000 /dev/urandom > /big\nCMD ["sh"]\n', "-t", "app")
        mill.build("FROM app\nLABEL a=b\n", "--push", "-t", names[0], "-t", names[1])

        found = [self.read(skopeo, name) for name in names]
        assert found[0]["Digest"] == found[1]["Digest"]
        assert found[0]["Layers"] == found[1]["Layers"]
        assert found[0]["Labels"] == {"a": "b"}
        uploads = tmp_path / "registry/data/docker/registry/v2/repositories/team/other/_uploads"
        assert not uploads.exists() or list(uploads.iterdir()) == []

    def test_an_index_of_two_platforms(self, start: Callable[..., str], mill: Mill, skopeo: str) -> None:
        name = f"{start()}/team/app:1"
        mill.write({"file": "text"})

        mill.build("FROM scratch\nCOPY file /\n", "--push", "-t", name, "--platform", "linux/amd64,linux/arm64")

        raw = self.read(skopeo, name, "--raw")
        assert [entry["platform"]["architecture"] for entry in raw["manifests"]] == ["amd64", "arm64"]
        assert self.read(skopeo, name, "--override-arch", "arm64")["Architecture"] == "arm64"

    def test_what_was_pushed_is_a_base_elsewhere(
        self, start: Callable[..., str], new_mill: Callable[[str], Mill]
    ) -> None:
        name = f"{start()}/team/app:1"
        first, second = new_mill("first"), new_mill("second")
        first.build("FROM busybox\nRUN echo hello > /greeting\n", "--push", "-t", name)

        second.build(f"FROM {name}\nRUN cat /greeting > /copy\n", "-t", "app")

        assert second.cat("app", "/copy") == "hello\n"

    def test_the_cache_takes_over_the_layers_of_an_image_that_was_just_pushed(
        self, start: Callable[..., str], mill: Mill
    ) -> None:
        host = start()

        ran = mill.build(
            "FROM busybox\nRUN head -c 3000000 /dev/urandom > /big\n",
            "--push", "-t", f"{host}/team/app:1", "--cache-to", f"{host}/team/cache",
        )  # fmt: skip

        logs = [json.loads(line) for line in ran.err.splitlines() if line.startswith("{")]
        texts = [base64.b64decode(warning["short"]).decode() for log in logs for warning in log.get("warnings", ())]
        (summary,) = [text for text in texts if text.startswith("cache: ")]
        assert "1 exported" in summary
        assert "kB sent" in summary  # and not the megabytes of the layer
