"""Deleting at a registry: tags, and images."""

from __future__ import annotations

import pytest

from fakes.blobs import make_image
from fakes.connecting import Connect, of
from fakes.registry import FakeRegistry, status
from stagemill.errors import NotFoundError, RegistryError
from stagemill.oci.image import Image
from stagemill.oci.reference import Reference
from stagemill.registry.config import RegistryConfig
from stagemill.registry.credentials import Credentials


@pytest.fixture
def image(registry: FakeRegistry) -> Image:
    """It has the tags `one` and `two`; `three` is another."""
    found = make_image(registry.blobs, {"a": b"1"})
    for tag in ("one", "two"):
        registry.push("team/app", tag, found)
    registry.push("team/app", "three", make_image(registry.blobs, {"a": b"2"}))
    return found


def tags(registry: FakeRegistry) -> list[str]:
    return sorted(tag for _, tag in registry.manifests if ":" not in tag)


def test_a_tag_goes_alone(registry: FakeRegistry, connect: Connect, image: Image) -> None:
    assert connect().delete(of(registry, "team/app:one")) == "tag"
    assert tags(registry) == ["three", "two"]
    assert ("team/app", image.digest) in registry.manifests


def test_by_digest_an_image_goes_with_all_of_its_tags(registry: FakeRegistry, connect: Connect, image: Image) -> None:
    reference = Reference(registry.host, "team/app", digest=image.digest)

    assert connect().delete(reference) == "manifest"
    assert tags(registry) == ["three"]


@pytest.mark.usefixtures("image")
def test_where_no_tag_can_be_deleted_its_image_goes(registry: FakeRegistry, connect: Connect) -> None:
    registry.deletes = {"digest"}

    assert connect().delete(of(registry, "team/app:three")) == "manifest"
    assert tags(registry) == ["one", "two"]


def test_but_not_one_with_other_tags(registry: FakeRegistry, connect: Connect, image: Image) -> None:
    registry.deletes = {"digest"}

    with pytest.raises(RegistryError) as caught:
        connect().delete(of(registry, "team/app:one"))

    where = registry.host
    assert caught.value.message == f"{where} deletes no tag alone, and {where}/team/app:one is also two"
    assert caught.value.hint == (
        f"stagemill delete {where}/team/app@{image.digest} deletes the image with all of its tags"
    )
    assert tags(registry) == ["one", "three", "two"]


@pytest.mark.usefixtures("image")
def test_a_registry_that_deletes_nothing_is_told(registry: FakeRegistry, connect: Connect) -> None:
    registry.deletes = set()

    with pytest.raises(RegistryError) as caught:
        connect().delete(of(registry, "team/app:three"))

    assert caught.value.message == (
        f"{registry.host} does not delete images: status 405, The operation is unsupported."
        f" for {registry.host}/team/app:three"
    )
    assert "its owner has to allow it" in str(caught.value.hint)


@pytest.mark.usefixtures("image")
def test_what_is_not_there_is_told(registry: FakeRegistry, connect: Connect) -> None:
    with pytest.raises(NotFoundError) as caught:
        connect().delete(of(registry, "team/app:none"))

    assert caught.value.hint == f"stagemill tags {registry.host}/team/app lists those there are"


@pytest.mark.usefixtures("image")
def test_who_may_not_is_told_what_is_wanted(registry: FakeRegistry, connect: Connect) -> None:
    registry.fail("/manifests/one", lambda right: right, status(403, message="denied"))
    client = connect(RegistryConfig(credentials=lambda _place: Credentials("alice", "secret")))

    with pytest.raises(RegistryError) as caught:
        client.delete(of(registry, "team/app:one"))

    assert caught.value.message == f"{registry.host} does not delete {registry.host}/team/app:one: status 403, denied"
    assert caught.value.hint == (
        f"it needs a login that may delete in team/app: stagemill login {registry.host} keeps one"
    )
