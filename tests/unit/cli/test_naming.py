"""Images of the store as people name them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stagemill.cli import naming
from stagemill.errors import NotFoundError, UsageError
from stagemill.oci.config import ImageConfig, RunConfig
from stagemill.oci.image import Image
from stagemill.oci.platform import Platform
from stagemill.store.store import Store

IMAGE = Image.build(ImageConfig(Platform("linux", "amd64"), RunConfig(cmd=("x",))), ())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store with one image, of two names."""
    with Store.open(tmp_path / "store") as opened:
        opened.blobs.put(IMAGE.config_bytes)
        opened.blobs.put(IMAGE.manifest_bytes)
        for name in ("docker.io/library/app:latest", "ghcr.io/o/app:1"):
            opened.images.set(name, IMAGE.descriptor, 0.0)
        yield opened


@pytest.mark.parametrize("text", ["app", "app:latest", "docker.io/library/app"])
def test_an_image_is_found_by_any_form_of_its_name(store: Store, text: str) -> None:
    assert naming.find(store, text) == ("docker.io/library/app:latest", IMAGE)


@pytest.mark.parametrize("digest", [IMAGE.digest, IMAGE.manifest.config.digest], ids=["manifest", "config"])
@pytest.mark.parametrize("length", [6, 12, 64])
def test_an_image_is_found_by_the_beginning_of_a_digest(store: Store, digest: str, length: int) -> None:
    text = digest.removeprefix("sha256:")[:length]

    assert naming.find(store, text)[1] == IMAGE
    assert naming.find(store, f"sha256:{text}")[1] == IMAGE


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
