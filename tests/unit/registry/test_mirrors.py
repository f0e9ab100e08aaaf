"""Where else an image may be, and what is told when it is nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.blobs import AMD64
from fakes.connecting import Connect, of, pushed, read
from fakes.registry import FakeRegistry, cut, status
from stagemill.errors import NotFoundError, RegistryError
from stagemill.oci.reference import Reference
from stagemill.registry.config import HostSettings, Mirror, RegistryConfig

DEAD = "127.0.0.1:1"


class TestMirrors:
    def config(self, *mirrors: str, fallback: bool = True, host: str = "docker.io") -> RegistryConfig:
        places = tuple(Mirror.parse(mirror) for mirror in mirrors)
        return RegistryConfig({host: HostSettings(places, fallback)})

    def test_a_mirror_is_asked_instead_of_the_registry(self, registry: FakeRegistry, connect: Connect) -> None:
        image = pushed(registry, "library/debian", "12")

        found = connect(self.config(registry.host)).resolve(Reference.parse("debian:12"), AMD64)

        assert found == image

    def test_a_mirrors_path_stands_before_the_repository(self, registry: FakeRegistry, connect: Connect) -> None:
        image = pushed(registry, "hub/library/debian", "12")

        found = connect(self.config(f"http://{registry.host}/hub/")).resolve(Reference.parse("debian:12"), AMD64)

        assert found == image

    def test_mirrors_are_asked_in_order(self, registry: FakeRegistry, connect: Connect) -> None:
        image = pushed(registry, "library/debian", "12")

        with FakeRegistry() as empty:
            client = connect(self.config(DEAD, empty.host, registry.host))
            found = client.resolve(Reference.parse("debian:12"), AMD64)

            assert found == image
            assert empty.paths("/manifests/") == ["GET /v2/library/debian/manifests/12"]

    def test_the_registry_itself_comes_last(self, registry: FakeRegistry, connect: Connect) -> None:
        image = pushed(registry)

        with FakeRegistry() as mirror:
            found = connect(self.config(mirror.host, host=registry.host)).resolve(of(registry), AMD64)

            assert found == image
            assert len(mirror.paths("/manifests/")) == 1

    def test_without_fallback_only_mirrors_are_asked(self, registry: FakeRegistry, connect: Connect) -> None:
        client = connect(self.config(DEAD, registry.host, fallback=False))

        with pytest.raises(NotFoundError) as caught:
            client.resolve(Reference.parse("debian:12"), AMD64)

        assert caught.value.message == (
            f"there is no image debian:12 at {registry.host} (also tried {DEAD}: connection refused)"
        )

    def test_a_transfer_that_breaks_at_a_mirror_goes_on_at_the_registry(
        self, registry: FakeRegistry, connect: Connect
    ) -> None:
        image = pushed(registry)
        layer = image.manifest.layers[0]
        with FakeRegistry() as mirror:
            mirror.blobs.data.update(registry.blobs.data)
            mirror.fail("/blobs/", cut(50), status(404))

            data = read(connect(self.config(mirror.host, host=registry.host)), of(registry), layer)

            assert data == registry.blobs.read(layer.digest)
            assert [seen.headers.get("range") for seen in registry.requests] == ["bytes=50-"]

    def test_a_host_that_cannot_be_reached_is_told_with_what_was_tried(self, connect: Connect) -> None:
        reference = Reference.parse(f"{DEAD}/team/app:1.0")

        with pytest.raises(RegistryError) as caught:
            connect().resolve(reference, AMD64)

        assert caught.value.message == f"cannot reach {DEAD} for {DEAD}/team/app:1.0: connection refused"
        assert caught.value.hint is not None
        assert f'[registry."{DEAD}"] mirrors = ["host:port"]' in caught.value.hint

    def test_an_unreachable_mirror_is_asked_only_once(self, registry: FakeRegistry, connect: Connect) -> None:
        image = pushed(registry)
        client = connect(self.config(DEAD, host=registry.host))
        client.resolve(of(registry), AMD64)

        read(client, of(registry), image.manifest.layers[0])

        assert DEAD in {endpoint.host for endpoint in client._unreachable}

    def test_insecure_registries_may_speak_plain_http(self, registry: FakeRegistry, connect: Connect) -> None:
        image = pushed(registry)
        config = RegistryConfig({registry.host: HostSettings(insecure=True)})

        found = connect(config).resolve(of(registry), AMD64)

        assert found == image

    def test_certificates_that_cannot_be_read_are_told(
        self, registry: FakeRegistry, connect: Connect, tmp_path: Path
    ) -> None:
        config = RegistryConfig({registry.host: HostSettings(ca=tmp_path / "no.pem")})

        with pytest.raises(RegistryError, match=r"cannot read the certificates in .*no\.pem") as caught:
            connect(config).resolve(of(registry), AMD64)

        assert str(caught.value.hint).startswith("it has to be a file in PEM form: `ca` in config.toml, or ")

    def test_https_where_there_is_none_is_told(self, registry: FakeRegistry, connect: Connect) -> None:
        config = self.config(f"https://{registry.host}", fallback=False)

        with pytest.raises(RegistryError, match="it does not speak https") as caught:
            connect(config).resolve(Reference.parse("debian:12"), AMD64)

        assert caught.value.hint == "insecure = true in config.toml allows http"
