"""Who a lock is written from: the store as a build would use it, and registries on loopback."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.blobs import MemoryBlobs, make_image
from fakes.registry import FakeRegistry, without
from stagemill.cli.frame.environment import Workplace, workplace
from stagemill.cli.locking.asking import Asking
from stagemill.digest import Digest
from stagemill.errors import NotFoundError
from stagemill.execute import base
from stagemill.oci.image import Image
from stagemill.oci.image_index import AnyImage, ImageIndex
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user would get a namespace for good")

APP = Reference.parse("app:1")
AMD64, ARM64 = Platform("linux", "amd64"), Platform("linux", "arm64")


@pytest.fixture
def place(folder: Path) -> Iterator[Workplace]:
    assert folder.is_dir()
    with workplace() as opened:
        yield opened


def image(text: str = "x", platform: Platform = AMD64) -> Image:
    return make_image(MemoryBlobs(), {"f": text.encode()}, platform=platform)


def keep(place: Workplace, item: AnyImage) -> AnyImage:
    base.remember_all(place.store, item, reference="")
    place.store.images.set(str(APP), item.descriptor, 0.0)
    return item


class TestHere:
    def test_nothing_has_the_name(self, place: Workplace) -> None:
        assert Asking(place).here(APP, AMD64) is None

    def test_an_image_is_for_its_own_platform(self, place: Workplace) -> None:
        one = keep(place, image())

        assert Asking(place).here(APP, AMD64) == one.digest
        assert Asking(place).here(APP, None) == one.digest
        assert Asking(place).here(APP, ARM64) is None

    def test_an_index_is_for_those_that_are_at_hand(self, place: Workplace) -> None:
        index = keep(place, ImageIndex.build([image("a"), image("b", ARM64)]))

        assert [Asking(place).here(APP, platform) for platform in (AMD64, ARM64)] == [index.digest] * 2
        assert Asking(place).here(APP, Platform("linux", "riscv64")) is None

    def test_what_is_torn_does_not_count(self, place: Workplace) -> None:
        one = keep(place, image())
        place.store.blobs.path(one.digest).write_bytes(b"torn")

        assert Asking(place).here(APP, AMD64) is None

    def test_to_pull_passes_it_over(self, place: Workplace) -> None:
        keep(place, image())

        assert Asking(place, pull=True).here(APP, AMD64) is None


class TestThere:
    @pytest.fixture
    def registry(self) -> Iterator[FakeRegistry]:
        with FakeRegistry() as running:
            yield running

    def test_a_name_costs_one_small_request(self, place: Workplace, registry: FakeRegistry) -> None:
        one = make_image(registry.blobs, {"f": b"x"})
        registry.push("app", "1", one)

        assert Asking(place).there(Reference.parse(f"{registry.host}/app:1")) == one.digest
        assert registry.paths() == ["HEAD /v2/app/manifests/1"]

    def test_a_registry_that_does_not_say_is_read(self, place: Workplace, registry: FakeRegistry) -> None:
        one = make_image(registry.blobs, {"f": b"x"})
        registry.push("app", "1", one)
        registry.fail("/manifests/", without("Docker-Content-Digest"), without("Docker-Content-Digest"))

        assert Asking(place).there(Reference.parse(f"{registry.host}/app:1")) == Digest.of(one.manifest_bytes)

    def test_a_variant_is_told_without_its_layers(self, place: Workplace, registry: FakeRegistry) -> None:
        one, other = (make_image(registry.blobs, {"f": b"x"}, platform=each) for each in (AMD64, ARM64))
        index = Digest.of(registry.push_index("app", "1", one, other))
        name = Reference.parse(f"{registry.host}/app:1@{index}")

        found = Asking(place).variant(name, ARM64)

        size = other.manifest.layers[0].size + other.manifest.config.size + len(other.manifest_bytes)
        assert (found.platform, found.digest, found.size) == ("linux/arm64", other.digest, size)
        assert not place.store.blobs.has(other.manifest.layers[0])
        with pytest.raises(NotFoundError):
            Asking(place).variant(name, Platform("linux", "s390x"))
