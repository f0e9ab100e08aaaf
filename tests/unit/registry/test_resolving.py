"""Names become images."""

from __future__ import annotations

import pytest

from fakes.blobs import AMD64, MemoryBlobs, make_image
from fakes.connecting import Connect, of, pushed
from fakes.registry import FakeRegistry, flipped, without
from stagemill.errors import CorruptError, NotFoundError, RegistryError
from stagemill.oci import media_types
from stagemill.oci.platform import Platform

ARM64 = Platform("linux", "arm64")


class TestResolving:
    def test_a_tag_leads_to_its_manifest_and_config(self, registry: FakeRegistry, connect: Connect) -> None:
        image = pushed(registry)

        found = connect().resolve(of(registry), AMD64)

        assert found == image

    def test_a_digest_wins_over_the_tag(self, registry: FakeRegistry, connect: Connect) -> None:
        image = pushed(registry)
        registry.push("team/app", "1.0", make_image(registry.blobs, {"other": b""}))

        found = connect().resolve(of(registry, f"team/app:1.0@{image.digest}"), AMD64)

        assert found == image

    def test_an_index_leads_to_the_image_of_the_platform(self, registry: FakeRegistry, connect: Connect) -> None:
        images = [make_image(registry.blobs, {"a": b""}, platform=platform) for platform in (AMD64, ARM64)]
        registry.push_index("team/app", "1.0", *images)

        found = connect().resolve(of(registry), ARM64)

        assert found == images[1]

    def test_the_platforms_of_a_name_are_those_of_its_index_or_its_own(
        self, registry: FakeRegistry, connect: Connect
    ) -> None:
        images = [make_image(registry.blobs, {"a": b""}, platform=platform) for platform in (ARM64, AMD64)]
        registry.push_index("team/app", "1.0", *images, *images)
        registry.push("team/app", "arm", images[0])

        assert connect().platforms(of(registry)) == (ARM64, AMD64)
        assert connect().platforms(of(registry, "team/app:arm")) == (ARM64,)

    def test_an_index_without_the_platform_says_what_there_is(self, registry: FakeRegistry, connect: Connect) -> None:
        registry.push_index("team/app", "1.0", make_image(registry.blobs, {"a": b""}, platform=ARM64))

        with pytest.raises(NotFoundError) as caught:
            connect().resolve(of(registry), AMD64)

        assert caught.value.message == f"{registry.host}/team/app:1.0 has no image for linux/amd64"
        assert caught.value.hint == "it has linux/arm64: choose one with --platform"

    def test_a_shelf_gets_every_document_and_is_asked_before_the_registry(
        self, registry: FakeRegistry, connect: Connect
    ) -> None:
        image = make_image(registry.blobs, {"a": b""})
        index = registry.push_index("team/app", "1.0", image)
        shelf = MemoryBlobs()
        connect().resolve(of(registry), AMD64, shelf=shelf)
        registry.requests.clear()

        found = connect().resolve(of(registry), AMD64, shelf=shelf)

        assert found == image
        assert set(shelf.data.values()) == {index, image.manifest_bytes, image.config_bytes}
        assert registry.paths() == ["HEAD /v2/team/app/manifests/1.0"]

    def test_a_pinned_image_on_the_shelf_costs_no_request(self, registry: FakeRegistry, connect: Connect) -> None:
        shelf = MemoryBlobs()
        image = make_image(shelf, {"a": b""})

        found = connect().resolve(of(registry, f"team/app@{image.digest}"), AMD64, shelf=shelf)

        assert found == image
        assert registry.requests == []

    def test_the_digest_of_a_name_is_told_by_one_head_request(self, registry: FakeRegistry, connect: Connect) -> None:
        image = pushed(registry)

        found = connect().head(of(registry))

        assert found == image.digest
        assert registry.paths() == ["HEAD /v2/team/app/manifests/1.0"]

    def test_a_registry_that_tells_no_digest_is_asked_for_the_manifest(
        self, registry: FakeRegistry, connect: Connect
    ) -> None:
        image = pushed(registry)
        registry.fail("/manifests/", without("Docker-Content-Digest"), without("Docker-Content-Digest"))

        found = connect().resolve(of(registry), AMD64, shelf=MemoryBlobs())

        assert found == image

    def test_a_manifest_with_other_bytes_than_its_digest_is_refused(
        self, registry: FakeRegistry, connect: Connect
    ) -> None:
        image = pushed(registry)
        registry.fail("/manifests/", flipped)

        with pytest.raises(CorruptError, match=f"is not {image.digest}: its bytes are sha256:") as caught:
            connect().resolve(of(registry), AMD64)

        assert caught.value.hint == "the bytes were changed on the way, or the registry or mirror is broken"

    def test_an_old_manifest_is_named_as_such(self, registry: FakeRegistry, connect: Connect) -> None:
        registry.put_manifest("team/app", "1.0", b'{"schemaVersion": 1}', media_type="application/json")

        with pytest.raises(RegistryError) as caught:
            connect().resolve(of(registry), AMD64)

        message = f"{registry.host}/team/app:1.0 is in Docker's old format (schema 1), which is no longer read"
        assert caught.value.message == message
        assert caught.value.hint == "pull and push the image with a tool of today"

    def test_what_is_no_image_is_refused(self, registry: FakeRegistry, connect: Connect) -> None:
        registry.put_manifest("team/app", "1.0", b'{"chart": 1}', media_type="application/chart")

        with pytest.raises(RegistryError, match="is no image but of type 'application/chart'"):
            connect().resolve(of(registry), AMD64)


class TestMissing:
    def test_a_near_tag_is_proposed(self, registry: FakeRegistry, connect: Connect) -> None:
        pushed(registry, tag="bookworm")

        with pytest.raises(NotFoundError) as caught:
            connect().resolve(of(registry, "team/app:bookwrom"), AMD64)

        host = registry.host
        assert caught.value.message == f"there is no image {host}/team/app:bookwrom at {host}"
        assert caught.value.hint == f"did you mean {host}/team/app:bookworm?"

    def test_other_tags_are_listed(self, registry: FakeRegistry, connect: Connect) -> None:
        pushed(registry, tag="1.0")
        pushed(registry, tag="2.0")

        with pytest.raises(NotFoundError) as caught:
            connect().resolve(of(registry, "team/app:latest"), AMD64)

        assert caught.value.hint == "its tags are 1.0, 2.0"

    def test_a_repository_that_does_not_exist_has_a_plain_hint(self, registry: FakeRegistry, connect: Connect) -> None:
        with pytest.raises(NotFoundError) as caught:
            connect().resolve(of(registry), AMD64)

        assert caught.value.hint == "look for a typing error in the name"


def test_an_index_entry_of_docker_is_understood(registry: FakeRegistry, connect: Connect) -> None:
    image = make_image(registry.blobs, {"a": b""})
    entry = {"mediaType": media_types.MANIFEST, "digest": image.digest, "size": len(image.manifest_bytes)}
    data = b'{"schemaVersion":2,"manifests":[%b]}' % str(entry).replace("'", '"').encode()
    registry.push("team/app", "x", image)
    registry.put_manifest("team/app", "1.0", data, media_type=media_types.DOCKER_INDEX)

    found = connect().resolve(of(registry), AMD64)

    assert found == image
