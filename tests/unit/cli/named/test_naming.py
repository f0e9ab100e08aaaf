"""Images of the store as people name them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from stagemill.cli.named import naming
from stagemill.errors import NotFoundError, UsageError
from stagemill.oci.config import ImageConfig, RunConfig
from stagemill.oci.image import Image
from stagemill.oci.platform import Platform
from stagemill.store.store import Store

IMAGE = Image.build(ImageConfig(Platform("linux", "amd64"), RunConfig(cmd=("x",))), ())
OTHER = Image.build(ImageConfig(Platform("linux", "amd64")), ())


def add(store: Store, image: Image) -> None:
    store.blobs.put(image.config_bytes)
    store.blobs.put(image.manifest_bytes)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store with one image, of two names."""
    with Store.open(tmp_path / "store") as opened:
        add(opened, IMAGE)
        for name in ("docker.io/library/app:latest", "ghcr.io/o/app:1"):
            opened.images.set(name, IMAGE.descriptor, 0.0)
        yield opened


@pytest.mark.parametrize("text", ["app", "app:latest", "docker.io/library/app"])
def test_an_image_is_found_by_any_form_of_its_name(store: Store, text: str) -> None:
    assert naming.find(store, text) == ("docker.io/library/app:latest", IMAGE)


@pytest.mark.parametrize("digest", [IMAGE.digest, IMAGE.manifest.config.digest], ids=["manifest", "config"])
@pytest.mark.parametrize("length", [4, 12, 64])
def test_an_image_is_found_by_the_beginning_of_a_digest(store: Store, digest: str, length: int) -> None:
    text = digest.removeprefix("sha256:")[:length]

    assert naming.find(store, text) == ("", IMAGE)
    assert naming.find(store, f"sha256:{text}") == ("", IMAGE)


def test_an_image_without_a_name_is_found_by_its_digests(store: Store) -> None:
    add(store, OTHER)
    store.images.keep(OTHER.descriptor, 0.0)

    assert naming.find(store, OTHER.digest) == ("", OTHER)
    assert naming.find(store, OTHER.manifest.config.digest) == ("", OTHER)


def test_a_name_goes_before_a_digest_that_begins_so(store: Store) -> None:
    add(store, OTHER)
    name = f"docker.io/library/{IMAGE.digest.short}:latest"
    store.images.set(name, OTHER.descriptor, 0.0)

    assert naming.find(store, IMAGE.digest.short) == (name, OTHER)
    assert naming.find(store, f"sha256:{IMAGE.digest.short}") == ("", IMAGE)


@pytest.mark.parametrize("text", ["app@{}", "ghcr.io/o/app@{}", "ghcr.io/o/app:1@{}"])
def test_an_image_is_found_by_its_repository_and_the_digest_of_its_manifest(store: Store, text: str) -> None:
    assert naming.find(store, text.format(IMAGE.digest)) == ("", IMAGE)


@pytest.mark.parametrize("text", [f"other@{IMAGE.digest}", f"app@{IMAGE.manifest.config.digest}"])
def test_of_another_repository_or_with_another_digest_it_is_not(store: Store, text: str) -> None:
    with pytest.raises(NotFoundError):
        naming.find(store, text)


def test_three_digits_are_a_name(store: Store) -> None:
    with pytest.raises(NotFoundError) as caught:
        naming.find(store, IMAGE.digest.hex[:3])

    assert caught.value.message == f"there is no image {IMAGE.digest.hex[:3]} in the store"


def test_the_beginning_of_several_digests_is_wrong_usage(store: Store) -> None:
    found: dict[str, Image] = {}
    made = (Image.build(ImageConfig(Platform("linux", "amd64"), author=str(number)), ()) for number in count())
    image = next(image for image in made if found.setdefault(image.digest.hex[:4], image) is not image)
    other = found[image.digest.hex[:4]]
    for one in (other, image):
        add(store, one)
        store.images.keep(one.descriptor, 0.0)

    with pytest.raises(UsageError) as caught:
        naming.locate(store, image.digest.hex[:4])

    assert caught.value.message == f"{image.digest.hex[:4]} begins the ids of several images"
    assert caught.value.hint
    assert all(one.manifest.config.digest.short in caught.value.hint for one in (other, image))


def test_an_image_for_another_platform_is_not_there(store: Store) -> None:
    assert naming.find_image(store, "app", Platform("linux", "amd64"))[1] == IMAGE

    with pytest.raises(NotFoundError) as caught:
        naming.find_image(store, "app", Platform("linux", "s390x"))

    assert caught.value.message == "app has no image for linux/s390x in the store"
    assert caught.value.hint == (
        "it has linux/amd64: choose one with --platform, or stagemill pull --platform linux/s390x app"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("app", ["app:2", "app:latest"]),
        ("docker.io/library/app", ["app:2", "app:latest"]),
        ("app:2", []),
        (f"app@{IMAGE.digest}", []),
        (IMAGE.digest.hex, []),
        ("none", []),
    ],
)
def test_a_repository_has_tags(store: Store, text: str, expected: list[str]) -> None:
    store.images.set("docker.io/library/app:2", IMAGE.descriptor, 0.0)
    store.images.set(f"docker.io/library/app@{IMAGE.digest}", IMAGE.descriptor, 0.0)

    assert naming.tags(store, text) == expected


def test_a_name_that_is_not_there_is_answered_with_a_near_one(store: Store) -> None:
    with pytest.raises(NotFoundError) as caught:
        naming.find(store, "ap")

    assert caught.value.message == "there is no image ap in the store"
    assert caught.value.hint == "did you mean app:latest?"


def test_a_name_that_is_like_no_other_gets_the_commands_that_help(store: Store) -> None:
    with pytest.raises(NotFoundError) as caught:
        naming.find(store, "zzzzzzzz")

    assert caught.value.hint == "stagemill images lists what there is; stagemill pull fetches more"


def test_a_digest_that_is_not_there_is_no_wrong_usage(store: Store) -> None:
    with pytest.raises(NotFoundError) as caught:
        naming.find(store, "0" * 64)

    assert caught.value.message == f"there is no image {'0' * 64} in the store"
    assert caught.value.hint == "stagemill images lists what there is"


def test_what_is_no_name_is_wrong_usage(store: Store) -> None:
    with pytest.raises(UsageError) as caught:
        naming.find(store, "Not A Name")

    assert caught.value.hint == "write NAME, NAME:TAG or REGISTRY/NAME:TAG"
