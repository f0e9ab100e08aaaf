"""Sending images to registries: what goes in which order, and what does not go at all."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from fakes.blobs import AMD64, make_image
from fakes.connecting import Connect, of
from fakes.registry import FakeRegistry, status
from fakes.workshop import Workshop
from stagemill.errors import RegistryError, StagemillError
from stagemill.events import Failed, Finished, Started, Transfer
from stagemill.execute import base
from stagemill.execute.pushing import Pushing
from stagemill.oci.image import Image
from stagemill.oci.image_index import ImageIndex
from stagemill.oci.platform import Platform

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]

ARM64 = Platform("linux", "arm64")


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry() as running:
        yield running


@pytest.fixture
def pushing(workshop: Workshop) -> Iterator[Pushing]:
    connect = Connect([])
    yield Pushing(workshop.forms, connect().destination, workshop.heard.append, workshop.clock)
    connect.close()


@pytest.fixture
def image(workshop: Workshop) -> Image:
    made = make_image(workshop.remote.blobs, {"a": b"1"}, {"b": b"2" * 9000})
    workshop.has_image("app", made)
    return made


def test_blobs_go_before_the_manifest(registry: FakeRegistry, pushing: Pushing, image: Image) -> None:
    pushing.push(image, [of(registry)])

    assert registry.manifests["team/app", "1.0"][1] == image.manifest_bytes
    assert all(registry.blobs.has(blob) for blob in (*image.manifest.layers, image.manifest.config))
    assert registry.paths()[-1] == "PUT /v2/team/app/manifests/1.0"
    assert [seen.method for seen in registry.requests].count("PUT") == 4


def test_what_is_there_is_not_sent(registry: FakeRegistry, pushing: Pushing, image: Image) -> None:
    pushing.push(image, [of(registry)])
    registry.requests.clear()

    pushing.push(image, [of(registry, "team/app:2.0")])

    assert sorted(seen.method for seen in registry.requests) == ["HEAD", "HEAD", "HEAD", "PUT"]


def test_an_index_goes_after_its_images(registry: FakeRegistry, pushing: Pushing, workshop: Workshop) -> None:
    images = [
        make_image(workshop.remote.blobs, {"a": name}, platform=name_) for name, name_ in ((b"1", AMD64), (b"2", ARM64))
    ]
    for one in images:
        workshop.has_image("x", one)
    index = ImageIndex.build(images)

    pushing.push(index, [of(registry)])

    puts = [path.rpartition("/")[2] for path in registry.paths("/manifests/")]
    assert puts == [images[0].digest, images[1].digest, "1.0"]
    assert registry.manifests["team/app", "1.0"][1] == index.index_bytes


def test_an_index_of_which_a_part_is_missing_is_told(
    registry: FakeRegistry, pushing: Pushing, workshop: Workshop, image: Image
) -> None:
    other = make_image(workshop.remote.blobs, {"a": b"2"}, platform=ARM64)
    whole = ImageIndex.build([image, other])

    with pytest.raises(StagemillError) as caught:
        pushing.push(ImageIndex.parse(whole.index_bytes, [image]), [of(registry)])

    assert caught.value.message == "the store lacks a part of the index: linux/arm64"
    assert registry.manifests == {}


def test_by_digest_no_tag_names_it(registry: FakeRegistry, pushing: Pushing, image: Image) -> None:
    pushing.push(image, [of(registry)], by_digest=True)

    assert [tag for _, tag in registry.manifests] == [image.digest]


def test_every_name_gets_it(registry: FakeRegistry, pushing: Pushing, image: Image) -> None:
    pushing.push(image, [of(registry, "team/one:1"), of(registry, "team/other:1")])

    assert {key for key in registry.manifests if key[1] == "1"} == {("team/one", "1"), ("team/other", "1")}


def test_a_bases_layer_is_taken_from_where_it_came_without_being_fetched(
    registry: FakeRegistry, pushing: Pushing, workshop: Workshop
) -> None:
    made = make_image(workshop.remote.blobs, {"a": b"1"})
    base.remember(workshop.store, made, reference=f"{registry.host}/library/base:1")
    (layer,) = made.manifest.layers
    registry.uploads.mountable.add(("library/base", layer.digest))

    pushing.push(made, [of(registry)])

    assert workshop.remote.opened == []
    assert f"POST /v2/team/app/blobs/uploads/?mount={layer.digest}&from=library%2Fbase" in registry.paths()


def test_a_bases_layer_of_another_registry_is_fetched_and_sent(
    registry: FakeRegistry, pushing: Pushing, workshop: Workshop
) -> None:
    made = make_image(workshop.remote.blobs, {"a": b"1"})
    base.remember(workshop.store, made, reference="registry.example/base:1")

    pushing.push(made, [of(registry)])

    assert workshop.remote.opened == ["registry.example/base:1"]
    assert registry.blobs.has(made.manifest.layers[0])


def test_it_is_reported(registry: FakeRegistry, pushing: Pushing, workshop: Workshop, image: Image) -> None:
    workshop.heard.clear()

    pushing.push(image, [of(registry)])

    (begun,) = workshop.events(Started)
    assert begun.name == f"pushing {registry.host}/team/app:1.0"
    assert [event.step for event in workshop.events(Finished)] == [begun.step]
    assert {event.part for event in workshop.events(Transfer)} >= {blob.digest for blob in image.manifest.layers}


def test_where_the_registry_refuses_nothing_is_named(
    registry: FakeRegistry, pushing: Pushing, workshop: Workshop, image: Image
) -> None:
    registry.fail(f"digest={image.manifest.layers[0].digest}".replace(":", "%3A"), status(403, message="quota"))

    with pytest.raises(RegistryError, match="does not take blob"):
        pushing.push(image, [of(registry)])

    assert registry.manifests == {}
    assert len(workshop.events(Failed)) == 1
