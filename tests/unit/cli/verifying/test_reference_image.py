"""The image that a build is compared with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fakes.blobs import MemoryBlobs, make_image
from fakes.registry import FakeRegistry
from stagemill.cli.frame.environment import Workplace
from stagemill.cli.verifying import reference_image
from stagemill.errors import NotFoundError, UsageError
from stagemill.execute.importing import import_image
from stagemill.export.oci import oci_directory
from stagemill.oci.blobs import chunks
from stagemill.oci.image import Image
from stagemill.oci.platform import Platform
from stagemill.store.store import Store
from stagemill.verify.side import Side


@pytest.fixture
def blobs() -> MemoryBlobs:
    return MemoryBlobs()


@pytest.fixture
def image(blobs: MemoryBlobs) -> Image:
    return make_image(blobs, {"a": b"1"}, platform=Platform.local())


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    store = Store.open(tmp_path / "store")
    return Workplace(store, tmp_path / "config.toml", {"HOME": str(tmp_path)})


def readable(side: Side) -> bool:
    """Whether every layer is where the side says."""
    for layer in side.image.manifest.layers:
        with side.blobs.open(layer) as reader:
            assert sum(map(len, chunks(reader))) == layer.size
    return True


def test_a_name_is_one_of_the_store(place: Workplace, image: Image, blobs: MemoryBlobs) -> None:
    import_image(place.store, image, blobs)
    place.store.images.set("docker.io/library/app:latest", image.descriptor, 0.0)

    found = reference_image.find("app", None, place)

    assert (found.name, found.side.image.digest) == ("app", image.digest)
    assert readable(found.side)


def test_a_layout_is_read(place: Workplace, image: Image, blobs: MemoryBlobs, tmp_path: Path) -> None:
    oci_directory(image, blobs, names=(), destination=tmp_path / "layout")

    for prefix in ("oci-layout://", "oci:"):
        found = reference_image.find(f"{prefix}{tmp_path / 'layout'}", None, place)
        assert found.side.image.digest == image.digest
        assert readable(found.side)


def test_a_registry_is_asked(place: Workplace) -> None:
    with FakeRegistry() as registry:
        image = make_image(registry.blobs, {"a": b"1"}, platform=Platform.local())
        registry.push("team/app", "1", image)

        found = reference_image.find(f"docker://{registry.host}/team/app:1", None, place)

        assert found.side.image.digest == image.digest
        assert readable(found.side)


def test_the_image_says_its_date(image: Image, blobs: MemoryBlobs) -> None:
    def dated(created: str) -> str | None:
        config = replace(image.config, created=created)
        return reference_image.ReferenceImage("app", Side(replace(image, config=config), blobs)).dated

    assert dated("2023-11-14T22:13:20Z") == "1700000000"
    assert dated("2023-11-14T22:13:20.9Z") == "1700000000"
    assert [dated(text) for text in ("", "soon", "1960-01-01T00:00:00Z")] == [None] * 3


def test_what_the_store_has_not_is_wrong_usage(place: Workplace) -> None:
    with pytest.raises(UsageError) as caught:
        reference_image.find("app", None, place)

    assert caught.value.message == "--against: the store has no image app"
    assert caught.value.hint == "pull it, or write --against docker://app for one in a registry"


def test_so_is_one_of_another_platform(place: Workplace, tmp_path: Path) -> None:
    with FakeRegistry() as registry:
        registry.push_index("app", "1", make_image(registry.blobs, {"a": b"1"}, platform=Platform.local()))

        with pytest.raises(NotFoundError):
            reference_image.find(f"docker://{registry.host}/app:1", "linux/s390x", place)
