"""The images that a result becomes, and their index."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.workshop import Workshop
from stagemill.build import Built
from stagemill.cli.given.annotations import Annotations
from stagemill.cli.given.output_flags import Output
from stagemill.cli.results.assembly import Assembly
from stagemill.execute import base
from stagemill.oci.image import Image
from stagemill.oci.image_index import ImageIndex
from stagemill.oci.platform import Platform
from stagemill.store.store import Store

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]

PLATFORMS = Platform("linux", "s390x"), Platform("linux", "arm64", "v9")
PLAIN = Output("image")


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    with Store.open(tmp_path / "store") as store:
        yield Workshop(tmp_path, store)


@pytest.fixture
def builds(workshop: Workshop) -> list[Built]:
    built = workshop.build("FROM scratch\nCOPY app /app\n", files={"app": "binary"})
    return [replace(built, plan=replace(built.plan, platform=platform)) for platform in PLATFORMS]


@pytest.fixture
def said() -> list[str]:
    return []


def assembled(builds: list[Built], said: list[str], *annotations: str, index: bool = True) -> Assembly:
    def step(text: str) -> AbstractContextManager[None]:
        said.append(text)
        return nullcontext()

    return Assembly(builds, Annotations.parse(annotations, index=index), step, index=index)


def test_one_result_is_a_plain_image(builds: list[Built], said: list[str]) -> None:
    found = assembled(builds[:1], said, index=False).of(PLAIN)

    assert isinstance(found, Image)
    assert said == ["exporting to image"]


def test_several_are_an_index_that_names_the_platforms_that_were_asked_for(
    builds: list[Built], said: list[str]
) -> None:
    found = assembled(builds, said, "a=1", "index-descriptor:b=2").of(PLAIN)

    assert isinstance(found, ImageIndex)
    assert [entry.platform for entry in found.index.manifests] == [PLATFORMS[0]]  # equal images are one
    assert found.descriptor.annotations == {"b": "2"}
    assert [image.manifest.annotations for image in found.images] == [{"a": "1"}]
    assert said == [f"exporting to image for {platform}" for platform in PLATFORMS]


def test_the_store_has_the_index_afterwards(workshop: Workshop, builds: list[Built], said: list[str]) -> None:
    found = assembled(builds, said).of(PLAIN)

    assert isinstance(found, ImageIndex)
    read = base.read(workshop.store, found.descriptor)
    assert isinstance(read, ImageIndex)
    assert (read.digest, [image.digest for image in read.images]) == (
        found.digest, [image.digest for image in found.images],
    )  # fmt: skip


def test_each_image_is_packed_once_unless_an_output_wants_another(builds: list[Built], said: list[str]) -> None:
    assembly = assembled(builds, said)

    assert assembly.of(PLAIN) == assembly.of(PLAIN) != assembly.of(Output("oci", annotations=(".a=1",)))
    assert len(said) == 4
