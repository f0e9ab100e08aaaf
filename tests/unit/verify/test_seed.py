"""Bases in a store of another build."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.blobs import make_image
from fakes.images import FakeImages
from fakes.planning import planned
from fakes.workshop import START, Workshop
from stagemill.execute import base
from stagemill.graph.operations import BaseImage
from stagemill.oci.config import RunConfig
from stagemill.oci.image import Image
from stagemill.store.store import Store
from stagemill.verify.seed import bases, seed

NAME = "docker.io/library/app:latest"


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    with Store.open(tmp_path / "store") as store:
        yield Workshop(tmp_path, store)


@pytest.fixture
def image(workshop: Workshop) -> Image:
    return make_image(workshop.remote.blobs, {"a": b"1"}, {"b": b"2"})


def op(image: Image) -> BaseImage:
    return BaseImage(image.digest, str(image.config.platform), NAME)


def test_a_plan_tells_its_bases_once() -> None:
    text = "FROM one AS a\nFROM two\nCOPY --from=a /x /\nCOPY --from=one /y /\n"

    found = bases(planned(text, images=FakeImages(one=RunConfig(), two=RunConfig())))

    assert sorted(each.reference for each in found) == ["one", "two"]


def test_the_other_store_has_them_by_name_as_the_same_files(workshop: Workshop, image: Image, tmp_path: Path) -> None:
    workshop.has_image("app", image)

    seed(tmp_path / "other", [op(image)], workshop.forms, now=START)

    with Store.open(tmp_path / "other") as other:
        named = other.images.get(NAME)
        assert named
        assert base.read(other, named) == image
        for layer in image.manifest.layers:
            assert other.blobs.path(layer.digest).samefile(workshop.store.blobs.path(layer.digest))


def test_one_that_is_to_be_changed_has_copies(workshop: Workshop, image: Image, tmp_path: Path) -> None:
    workshop.has_image("app", image)

    seed(tmp_path / "other", [op(image)], workshop.forms, now=START, own=True)

    with Store.open(tmp_path / "other") as other:
        assert all(os.stat(other.blobs.path(layer.digest)).st_nlink == 1 for layer in image.manifest.layers)
        assert all(other.blobs.has(layer) for layer in image.manifest.layers)


def test_what_the_users_store_lacks_is_fetched_into_it_once(workshop: Workshop, image: Image, tmp_path: Path) -> None:
    base.remember(workshop.store, image, reference=NAME)

    for name in ("one", "other"):
        seed(tmp_path / name, [op(image)], workshop.forms, now=START)

    assert workshop.remote.opened == [NAME] * 2  # one for each layer
    assert all(workshop.store.blobs.has(layer) for layer in image.manifest.layers)
