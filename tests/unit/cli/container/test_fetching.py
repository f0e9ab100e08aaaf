"""Where the image of a container comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fakes.blobs import make_image
from fakes.registry import FakeRegistry
from stagemill.cli.container.fetching import Wanted, image_of
from stagemill.cli.frame.environment import Workplace
from stagemill.errors import NotFoundError, RegistryError
from stagemill.execute.base import read_image
from stagemill.execute.importing import import_image
from stagemill.oci.image import Image
from stagemill.oci.platform import Platform
from stagemill.store.store import Store

OTHER = Platform("linux", "s390x")


@dataclass
class Shop:
    """A store, a registry, and what was told."""

    place: Workplace
    registry: FakeRegistry
    told: list[str] = field(default_factory=list)

    def get(self, name: str, **more: object) -> Image:
        return image_of(Wanted(name, **more), self.place, tell=self.told.append)  # type: ignore[arg-type]

    def has(self, name: str, image: Image) -> None:
        import_image(self.place.store, image, self.registry.blobs)
        self.place.store.images.set(name, image.descriptor, 1)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with FakeRegistry() as registry, Store.open(tmp_path / "store") as store:
        place = Workplace(store, tmp_path / "config.toml", {"HOME": str(tmp_path)})
        yield Shop(place, registry)
        place.hang_up()


@pytest.fixture
def image(shop: Shop) -> Image:
    return make_image(shop.registry.blobs, {"a": b"1"}, platform=Platform.local())


@pytest.mark.parametrize("pull", ["missing", "never"])
def test_one_of_the_store_is_taken(shop: Shop, image: Image, pull: str) -> None:
    shop.has("docker.io/library/app:latest", image)

    assert shop.get("app", pull=pull) == image
    assert (shop.registry.requests, shop.told) == ([], [])


def test_one_without_a_name_is_taken_by_its_id(shop: Shop, image: Image) -> None:
    import_image(shop.place.store, image, shop.registry.blobs)
    shop.place.store.images.keep(image.descriptor, 1)

    assert shop.get(image.manifest.config.digest) == image


def test_one_that_is_not_there_is_fetched_whole_and_keeps_its_name(
    shop: Shop, image: Image, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.registry.push("team/app", "1", image)
    name = f"{shop.registry.host}/team/app:1"

    assert shop.get(name) == image

    descriptor = shop.place.store.images.get(name)
    assert descriptor is not None
    assert read_image(shop.place.store, descriptor.digest) == image
    assert all(shop.place.store.blobs.has(layer) for layer in image.manifest.layers)
    assert shop.told == [f"there is no image {name} in the store; fetching it"]
    assert f"pull {name}" in capsys.readouterr().err


def test_quiet_says_nothing_of_it(shop: Shop, image: Image, capsys: pytest.CaptureFixture[str]) -> None:
    shop.registry.push("team/app", "1", image)

    shop.get(f"{shop.registry.host}/team/app:1", quiet=True)

    assert (shop.told, capsys.readouterr().err) == ([], "")


def test_always_asks_the_registry(shop: Shop, image: Image) -> None:
    name = f"{shop.registry.host}/team/app:1"
    shop.has(name, image)
    newer = make_image(shop.registry.blobs, {"a": b"2"}, platform=Platform.local())
    shop.registry.push("team/app", "1", newer)

    assert shop.get(name) == image
    assert shop.get(name, pull="always") == newer
    assert shop.get(name, pull="never") == newer


def test_always_is_no_use_where_nobody_answers(shop: Shop, image: Image) -> None:
    shop.has("127.0.0.1:1/app:latest", image)

    with pytest.raises(RegistryError):
        shop.get("127.0.0.1:1/app", pull="always")


def test_never_asks_nobody(shop: Shop, image: Image) -> None:
    shop.registry.push("team/app", "1", image)
    name = f"{shop.registry.host}/team/app:1"

    with pytest.raises(NotFoundError) as caught:
        shop.get(name, pull="never")

    assert caught.value.message == f"there is no image {name} in the store"
    assert caught.value.hint == f"leave out --pull never, or fetch it first: stagemill pull {name}"
    assert shop.registry.requests == []


def test_one_that_nobody_has_is_told_as_missing_here(shop: Shop) -> None:
    with pytest.raises(NotFoundError) as caught:
        shop.get(f"{shop.registry.host}/team/none")

    assert caught.value.message == f"there is no image {shop.registry.host}/team/none in the store"
    assert caught.value.hint == "stagemill images lists what there is; stagemill pull fetches more"


def test_another_platforms_is_fetched_where_the_store_has_one(shop: Shop, image: Image) -> None:
    name = f"{shop.registry.host}/team/app:1"
    other = make_image(shop.registry.blobs, {"a": b"1"}, platform=OTHER)
    shop.registry.push_index("team/app", "1", image, other)
    shop.has(name, image)

    assert shop.get(name, platform=OTHER) == other
    assert shop.told == [f"there is no image {name} in the store; fetching it"]


def test_an_image_for_another_machine_is_told(shop: Shop) -> None:
    other = make_image(shop.registry.blobs, {"a": b"1"}, platform=OTHER)
    shop.has("docker.io/library/app:latest", other)

    assert shop.get("app") == other
    assert shop.told == [f"app is an image for linux/s390x, and this machine is {Platform.local()}"]
