"""What every place keeps that images are written to and read from.

A test module derives `PlaceContract` and gives the fixture `place`: one that has no image yet.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Protocol

import pytest

from fakes.places import AMD64, ARM64, MemorySource, both, one
from stagemill import events
from stagemill.digest import Digest
from stagemill.errors import StagemillError
from stagemill.oci.blobs import chunks
from stagemill.oci.platform import Platform
from stagemill.places import node
from stagemill.places.copying import Copying
from stagemill.places.node import Node
from stagemill.places.source import Source
from stagemill.places.target import Target


class Place(Protocol):
    """One address, which means one image at a time."""

    def write(self) -> AbstractContextManager[Target]: ...

    def read(self) -> AbstractContextManager[Source]: ...


def copy(source: MemorySource, place: Place) -> None:
    with place.write() as target:
        Copying(source, "here", events.ignore, lambda: 0.0).copy(source.node(), target, "there")


def found(place: Place, platform: Platform | None = None) -> Node:
    """What is there, when every blob of it was read."""
    with place.read() as source:
        read = node.read(source.top(platform), source.read, platform=platform, where="there")
        for each in read.walk():
            for blob in each.blobs:
                with source.open(blob) as reader:
                    assert Digest.of(b"".join(chunks(reader))) == blob.digest
    return read


class PlaceContract:
    @pytest.mark.parametrize("source", [one(), both()], ids=["an image", "an index"])
    def test_what_is_written_is_read_byte_for_byte(self, place: Place, source: MemorySource) -> None:
        copy(source, place)

        assert [each.data for each in found(place).walk()] == [each.data for each in source.node().walk()]

    def test_one_image_of_an_index_can_be_read(self, place: Place) -> None:
        copy(both(), place)

        for platform in (AMD64, ARM64):
            assert found(place, platform).data == both().node(platform).data

    def test_another_image_takes_its_place(self, place: Place) -> None:
        copy(both(), place)
        copy(one("other"), place)

        assert found(place).digest == one("other").node().digest

    def test_it_can_be_written_again(self, place: Place) -> None:
        for _ in range(2):
            copy(both(), place)

        assert found(place).digest == both().node().digest

    def test_what_breaks_off_changes_nothing(self, place: Place) -> None:
        copy(one(), place)
        broken = both()
        layer = broken.node().children[1].blobs[0].digest
        broken.blobs.data[layer] = broken.blobs.data[layer][:-1] + b"!"

        with pytest.raises(StagemillError, match="cannot read here: "):
            copy(broken, place)

        assert found(place).digest == one().node().digest

    def test_what_broke_off_goes_well_the_next_time(self, place: Place) -> None:
        broken = both()
        layer = broken.node().children[1].blobs[0].digest
        lost = broken.blobs.data.pop(layer)
        with pytest.raises(StagemillError, match="cannot read here: "):
            copy(broken, place)

        broken.blobs.data[layer] = lost
        copy(broken, place)

        assert found(place).digest == both().node().digest

    def test_what_an_index_says_of_an_image_does_not_come_with_the_image(self, place: Place) -> None:
        source = both()
        image = source.node().children[1]
        alone = MemorySource(image.entry, source.blobs)

        copy(alone, place)

        assert replace(found(place), entry={}) == replace(image, entry={})
