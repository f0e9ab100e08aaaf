"""The client against Debian's docker-registry, filled by skopeo."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from fakes.blobs import AMD64, MemoryBlobs, make_image
from fakes.distribution import running
from stagemill.digest import Digest
from stagemill.errors import NotFoundError, RegistryError
from stagemill.export.oci import oci_directory
from stagemill.oci.blobs import chunks
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image import Image
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference
from stagemill.registry.client import RegistryClient
from stagemill.registry.config import HostSettings, Mirror, RegistryConfig
from stagemill.registry.login_file import LoginFile
from stagemill.registry.logins import Logins

Start = Callable[..., str]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with ExitStack() as stack:

        def one(name: str = "registry", *, auth: bool = False, tls: bool = False) -> str:
            return stack.enter_context(running(tmp_path / name, auth=auth, tls=tls))

        yield one


@pytest.fixture
def push(skopeo: str, tmp_path: Path) -> Callable[..., None]:
    """Pushes an image, or the images of several platforms as one index, under a name."""

    def pushing(name: str, blobs: MemoryBlobs, *images: Image, creds: str = "") -> None:
        layout = tmp_path / f"layout-{Digest.of(name.encode()).short}"
        for image in images:
            oci_directory(image, blobs, names=["x:it"], destination=layout)
        if len(images) > 1:
            join(layout, images)
        options = ["--all", "--dest-tls-verify=false"] + (["--dest-creds", creds] if creds else [])
        subprocess.run(
            [skopeo, "copy", *options, f"oci:{layout}:it", f"docker://{name}"],
            check=True,
            capture_output=True,
            timeout=60,
        )

    return pushing


def join(layout: Path, images: tuple[Image, ...]) -> None:
    blobs = MemoryBlobs()
    manifests = [image.descriptor.to_json() for image in images]
    media_type = "application/vnd.oci.image.index.v1+json"
    inner = json.dumps({"schemaVersion": 2, "mediaType": media_type, "manifests": manifests}).encode()
    digest = blobs.put(inner)
    (layout / "blobs/sha256" / digest.hex).write_bytes(inner)
    entry = {
        "mediaType": media_type,
        "digest": digest,
        "size": len(inner),
        "annotations": {"org.opencontainers.image.ref.name": "it"},
    }
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))


def read(client: RegistryClient, reference: Reference, blob: Descriptor) -> bytes:
    with client.blobs(reference).open(blob) as reader:
        return b"".join(chunks(reader))


def test_an_image_is_pulled_as_it_was_pushed(start: Start, push: Callable[..., None]) -> None:
    host, blobs = start(), MemoryBlobs()
    image = make_image(blobs, *[{f"file{i}": bytes([i]) * 500_000} for i in range(6)])
    push(f"{host}/team/app:1.0", blobs, image)
    reference = Reference.parse(f"{host}/team/app:1.0")

    with RegistryClient(RegistryConfig()) as client, ThreadPoolExecutor(4) as pool:
        found = client.resolve(reference, AMD64)
        layers = list(pool.map(lambda layer: read(client, reference, layer), found.manifest.layers))

        assert client.head(reference) == image.digest
    assert found == image
    assert layers == [blobs.read(layer.digest) for layer in image.manifest.layers]


def test_an_index_is_pulled_for_the_platform(start: Start, push: Callable[..., None]) -> None:
    host, blobs = start(), MemoryBlobs()
    platforms = [Platform("linux", "amd64"), Platform("linux", "arm64")]
    images = [make_image(blobs, {"arch": str(p).encode()}, platform=p) for p in platforms]
    push(f"{host}/team/app:1.0", blobs, *images)
    reference = Reference.parse(f"{host}/team/app:1.0")

    with RegistryClient(RegistryConfig()) as client:
        found = [client.resolve(reference, platform) for platform in platforms]
        with pytest.raises(NotFoundError) as caught:
            client.resolve(reference, Platform("linux", "s390x"))

    assert found == images
    assert caught.value.hint == "it has linux/amd64, linux/arm64: choose one with --platform"


def test_a_mistyped_tag_is_told(start: Start, push: Callable[..., None]) -> None:
    host, blobs = start(), MemoryBlobs()
    push(f"{host}/team/app:stable", blobs, make_image(blobs, {"a": b"1"}))

    with RegistryClient(RegistryConfig()) as client:
        with pytest.raises(NotFoundError) as near:
            client.resolve(Reference.parse(f"{host}/team/app:stabel"), AMD64)
        with pytest.raises(NotFoundError) as far:
            client.resolve(Reference.parse(f"{host}/team/nothing:1"), AMD64)

    assert near.value.hint == f"did you mean {host}/team/app:stable?"
    assert far.value.message == f"there is no image {host}/team/nothing:1 at {host}"


def test_a_blob_is_continued_by_the_registry(start: Start, push: Callable[..., None]) -> None:
    host, blobs = start(), MemoryBlobs()
    image = make_image(blobs, {"a": b"1" * 5000}, compressed=False)
    push(f"{host}/team/app:1", blobs, image)
    reference = Reference.parse(f"{host}/team/app:1")

    with RegistryClient(RegistryConfig()) as client:
        layer = client.resolve(reference, AMD64).manifest.layers[0]
        repository = client._repository(reference)
        answer = repository.ask("blobs", layer.digest, headers={"Range": "bytes=100-"})
        rest = answer.body(limit=1 << 20, what="the blob")

    assert answer.response.status == 206
    assert len(rest) == layer.size - 100


class TestBasicAuthorization:
    def docker(self, tmp_path: Path, host: str, login: str) -> Logins:
        (tmp_path / "config.json").write_text(json.dumps({"auths": {host: {"auth": login}}}))
        return Logins([LoginFile(tmp_path / "config.json")])

    def test_credentials_come_from_dockers_file(self, start: Start, push: Callable[..., None], tmp_path: Path) -> None:
        host, blobs = start(auth=True), MemoryBlobs()
        image = make_image(blobs, {"a": b"1"})
        push(f"{host}/team/app:1", blobs, image, creds="alice:secret")
        reference = Reference.parse(f"{host}/team/app:1")
        config = RegistryConfig(credentials=self.docker(tmp_path, host, "YWxpY2U6c2VjcmV0"))

        with RegistryClient(config) as client:
            found = client.resolve(reference, AMD64)
            data = read(client, reference, found.manifest.layers[0])

        assert found == image
        assert data == blobs.read(image.manifest.layers[0].digest)

    @pytest.mark.parametrize("login", ["", "YWxpY2U6d3Jvbmc="])
    def test_without_the_right_ones_the_way_to_log_in_is_told(self, start: Start, tmp_path: Path, login: str) -> None:
        host = start(auth=True)
        credentials = self.docker(tmp_path, host, login)

        with RegistryClient(RegistryConfig(credentials=credentials)) as client, pytest.raises(RegistryError) as caught:
            client.resolve(Reference.parse(f"{host}/team/app:1"), AMD64)

        assert caught.value.message.startswith(f"{host} does not give out {host}/team/app:1: ")
        assert f"stagemill login {host} keeps" in str(caught.value.hint)


class TestHttps:
    def test_a_certificate_of_an_unknown_authority_is_refused(self, start: Start) -> None:
        host = start(tls=True)
        config = RegistryConfig({"app.example": HostSettings((Mirror(host, scheme="https"),), fallback=False)})

        with RegistryClient(config) as client, pytest.raises(RegistryError) as caught:
            client.resolve(Reference.parse("app.example/team/app:1"), AMD64)

        assert f"cannot reach {host} for app.example/team/app:1: its certificate is not trusted" in caught.value.message
        assert caught.value.hint == 'name the certificates of its authority in config.toml: ca = "file.pem"'

    @pytest.mark.parametrize("way", ["ca", "insecure"])
    def test_a_known_authority_is_trusted_and_an_insecure_host_is_not_checked(
        self, start: Start, push: Callable[..., None], tmp_path: Path, way: str
    ) -> None:
        host, blobs = start(tls=True), MemoryBlobs()
        image = make_image(blobs, {"a": b"1"})
        push(f"{host}/team/app:1", blobs, image)
        settings = HostSettings(ca=tmp_path / "registry/cert.pem") if way == "ca" else HostSettings(insecure=True)
        reference = Reference.parse(f"{host}/team/app:1")

        with RegistryClient(RegistryConfig({host: settings})) as client:
            found = client.resolve(reference, AMD64)
            data = read(client, reference, found.manifest.layers[0])

        assert found == image
        assert data == blobs.read(image.manifest.layers[0].digest)


def test_a_mirror_serves_the_names_of_docker_io(start: Start, push: Callable[..., None]) -> None:
    host, blobs = start(), MemoryBlobs()
    image = make_image(blobs, {"a": b"1"})
    push(f"{host}/library/debian:12", blobs, image)
    config = RegistryConfig({"docker.io": HostSettings((Mirror(host),), fallback=False)})

    with RegistryClient(config) as client:
        assert client.resolve(Reference.parse("debian:12"), AMD64) == image
        with pytest.raises(NotFoundError) as caught:
            client.resolve(Reference.parse("debian:13"), AMD64)

    assert caught.value.message == f"there is no image debian:13 at {host}"
    assert caught.value.hint == "its tags are 12"
