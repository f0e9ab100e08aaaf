"""Images of the store with all of their names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stagemill.cli.named import kept
from stagemill.cli.named.kept import Kept
from stagemill.oci import media_types
from stagemill.oci.config import ImageConfig, RunConfig
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image import Image
from stagemill.oci.image_index import ImageIndex
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference
from stagemill.store.store import Store

CONFIG = ImageConfig(Platform("linux", "amd64"), RunConfig(cmd=("x",)), created="2023-11-14T22:13:20Z")
IMAGE = Image.build(CONFIG, ())
OTHER = Image.build(ImageConfig(Platform("linux", "amd64")), ())
APP, GHCR = "docker.io/library/app:latest", "ghcr.io/o/app:1"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store with an image of two names, and one of none."""
    with Store.open(tmp_path / "store") as opened:
        for image in (IMAGE, OTHER):
            opened.blobs.put(image.config_bytes)
            opened.blobs.put(image.manifest_bytes)
        opened.images.set(APP, IMAGE.descriptor, 1.0)
        opened.images.set(GHCR, IMAGE.descriptor, 2.0)
        opened.images.keep(OTHER.descriptor, 3.0)
        yield opened


def test_an_image_is_one_with_all_of_its_names(store: Store) -> None:
    assert kept.everything(store) == [Kept(IMAGE.descriptor, (APP, GHCR), 2.0), Kept(OTHER.descriptor, (), 3.0)]


def test_it_is_known_by_two_digests_unless_it_is_torn(store: Store) -> None:
    item = kept.everything(store)[0]
    assert item.read(store) == IMAGE
    assert item.digests(store) == (IMAGE.digest, IMAGE.manifest.config.digest)
    assert item.identity(store) == IMAGE.manifest.config.digest

    store.blobs.remove(IMAGE.manifest.config.digest)

    assert item.read(store) is None
    assert item.digests(store) == (IMAGE.digest,)
    assert item.identity(store) == IMAGE.digest


def test_an_index_is_known_by_its_own_digest_and_those_of_its_images(store: Store) -> None:
    arm = Image.build(ImageConfig(Platform("linux", "arm64"), created="2024-11-14T22:13:20Z"), ())
    index = ImageIndex.build([IMAGE, arm])
    for data in (arm.config_bytes, arm.manifest_bytes, index.index_bytes):
        store.blobs.put(data)
    store.images.keep(index.descriptor, 4.0)

    item = kept.everything(store)[-1]

    assert item.read(store) == index
    assert item.identity(store) == index.digest
    assert set(item.digests(store)) == {
        index.digest, IMAGE.digest, IMAGE.manifest.config.digest, arm.digest, arm.manifest.config.digest,
    }  # fmt: skip
    assert kept.created(index) == kept.created(arm)
    assert kept.main(ImageIndex.build([arm])) == arm


def test_tags_and_digests_are_as_people_write_them() -> None:
    names = [APP, "docker.io/library/app:2", GHCR, f"quay.io/a@{IMAGE.digest}"]

    assert kept.repo_tags(names) == ["app:latest", "app:2", "ghcr.io/o/app:1"]
    assert kept.repo_digests(names, IMAGE.digest) == [
        f"app@{IMAGE.digest}", f"ghcr.io/o/app@{IMAGE.digest}", f"quay.io/a@{IMAGE.digest}",
    ]  # fmt: skip
    assert kept.repository(Reference.parse(GHCR)) == "ghcr.io/o/app"


def test_a_layer_that_is_there_twice_weighs_once() -> None:
    layer = Descriptor(media_types.LAYER, IMAGE.digest, 7)
    diff_ids = (IMAGE.digest, IMAGE.digest)

    assert kept.size(Image.build(ImageConfig(Platform("linux", "amd64"), diff_ids=diff_ids), (layer, layer))) == 7


def test_an_image_may_say_when_it_was_made() -> None:
    assert kept.created(IMAGE) == 1_700_000_000
    assert kept.created(OTHER) is None
