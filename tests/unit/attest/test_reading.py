"""What is said of images, found and read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest

from fakes.blobs import AMD64, MemoryBlobs, make_image
from stagemill.attest.manifest import carrier, referrer
from stagemill.attest.reading import Said, read, said
from stagemill.attest.statement import CYCLONEDX, PROVENANCE_1, SPDX, Attestation, Subject
from stagemill.digest import Digest
from stagemill.errors import StagemillError
from stagemill.oci import media_types
from stagemill.oci.blobs import Reader
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image import Image
from stagemill.oci.image_index import ImageIndex

LIST, HOW = Attestation("sbom.spdx.json", SPDX, {"name": "a"}), Attestation("p.json", PROVENANCE_1, {"how": 1})


@dataclass
class Shelf:
    """A place with images and what refers to them."""

    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)
    referring: dict[Digest, list[Descriptor]] = field(default_factory=dict)

    def read(self, descriptor: Descriptor, /) -> bytes:
        return self.blobs.read(descriptor.digest)

    @contextmanager
    def open(self, descriptor: Descriptor, /) -> Iterator[Reader]:
        with self.blobs.open(descriptor) as reader:
            yield reader

    def referrers(self, subject: Digest, /) -> tuple[Descriptor, ...]:
        return tuple(self.referring.get(subject, []))

    def image(self) -> Image:
        image = make_image(self.blobs, {"a": b"x"})
        self.blobs.put(image.manifest_bytes)
        return image

    def indexed(self, image: Image, *attestations: Attestation, about: Digest | None = None) -> Descriptor:
        subjects = [Subject("_", about or image.digest)]
        made = carrier(image, attestations, subjects=subjects)
        index = ImageIndex.build([replace(image, platform=AMD64), made.image])
        for data in (made.image.manifest_bytes, *made.statements, index.index_bytes):
            self.blobs.put(data)
        return index.descriptor

    def refer(self, image: Image, attestation: Attestation) -> Descriptor:
        made = referrer(image, attestation, subjects=[Subject("_", image.digest)])
        for data in (made.manifest, *(data for _, data in made.blobs)):
            self.blobs.put(data)
        self.referring.setdefault(image.digest, []).append(made.entry)
        return made.entry

    def other(self, image: Image, kind: str, layer: str, data: bytes) -> None:
        """A manifest of somebody else's that refers to an image."""
        named = Descriptor(layer, self.blobs.put(data), len(data))
        document = json.dumps(
            {"config": Descriptor(media_types.EMPTY, Digest.of(b"{}"), 2).to_json(), "layers": [named.to_json()]}
        )
        digest = self.blobs.put(document.encode())
        entry = Descriptor(media_types.MANIFEST, digest, len(document), artifact_type=kind)
        self.referring.setdefault(image.digest, []).append(entry)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def told(found: list[Said]) -> list[tuple[str, str, str]]:
    return [(str(one.platform), one.kind, one.place) for one in found]


def test_what_stands_in_an_index_is_found_with_its_image(shelf: Shelf) -> None:
    image = shelf.image()

    found = list(said(shelf.indexed(image, LIST, HOW), shelf))

    assert told(found) == [("linux/amd64", "spdx", "index"), ("linux/amd64", "provenance", "index")]
    assert [one.of for one in found] == [image.digest] * 2
    assert [read(one, shelf)["predicate"] for one in found] == [{"name": "a"}, {"how": 1}]


def test_an_index_that_only_its_digest_names_is_told_by_its_shape(shelf: Shelf) -> None:
    top = replace(shelf.indexed(shelf.image(), LIST), media_type="")

    assert told(list(said(top, shelf))) == [("linux/amd64", "spdx", "index")]


def test_so_is_what_refers_to_a_plain_image(shelf: Shelf) -> None:
    image = shelf.image()
    shelf.refer(image, LIST)

    (found,) = said(image.descriptor, shelf)

    assert told([found]) == [("linux/amd64", "spdx", "referrer")]
    assert read(found, shelf)["predicate"] == {"name": "a"}


def test_what_stands_in_the_index_and_refers_too_is_found_once(shelf: Shelf) -> None:
    image = shelf.image()
    top = shelf.indexed(image, LIST)
    beside = json.loads(shelf.read(top))["manifests"][1]
    shelf.referring[image.digest] = [Descriptor.from_json(beside)]
    shelf.refer(image, HOW)

    assert told(list(said(top, shelf))) == [("linux/amd64", "spdx", "index"), ("linux/amd64", "provenance", "referrer")]


def test_a_bare_list_is_read_as_it_is(shelf: Shelf) -> None:
    image = shelf.image()
    shelf.other(
        image, "application/vnd.cyclonedx+json", "application/vnd.cyclonedx+json", b'{"bomFormat": "CycloneDX"}'
    )

    (found,) = said(image.descriptor, shelf)

    assert (found.type, found.bare, read(found, shelf)) == (CYCLONEDX, True, {"bomFormat": "CycloneDX"})


def test_what_cannot_be_read_is_found_too(shelf: Shelf) -> None:
    image = shelf.image()
    shelf.other(image, "application/vnd.dev.cosign.simplesigning.v1+json", "application/octet-stream", b"signed")

    (found,) = said(image.descriptor, shelf)

    assert (found.kind, found.blob) == ("application/vnd.dev.cosign.simplesigning.v1+json", None)
    with pytest.raises(StagemillError) as caught:
        read(found, shelf)
    assert caught.value.message == f"what is said is {found.type}, which is no statement"


def test_of_what_nothing_is_said_nothing_is_found(shelf: Shelf) -> None:
    assert list(said(shelf.image().descriptor, shelf)) == []


def test_a_statement_about_another_image_is_not_believed(shelf: Shelf) -> None:
    image, other = shelf.image(), Digest.of(b"other")
    (found,) = said(shelf.indexed(image, LIST, about=other), shelf)

    with pytest.raises(StagemillError) as caught:
        read(found, shelf)

    assert caught.value.message == f"the statement beside {image.digest} is about {other}"
    assert caught.value.hint == "somebody put it beside the wrong image, or wants you to believe it: do not trust it"


def test_documents_that_are_none_are_told(shelf: Shelf) -> None:
    image = shelf.image()
    bad = Descriptor(media_types.INDEX, shelf.blobs.put(b"{"), 1)
    shelf.other(image, "x", media_types.IN_TOTO, b"[]")
    (found,) = said(image.descriptor, shelf)

    with pytest.raises(StagemillError, match="what is said of the image cannot be read: image index is no JSON"):
        list(said(bad, shelf))
    with pytest.raises(StagemillError, match="the statement cannot be read: the statement is no JSON object"):
        read(found, shelf)
