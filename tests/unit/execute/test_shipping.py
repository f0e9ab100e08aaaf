"""The blobs of the store on their way out: what is lost or torn is made or fetched again."""

from __future__ import annotations

import os

import pytest

from fakes.blobs import make_image
from fakes.workshop import Workshop
from stagemill.errors import CorruptError, NotFoundError
from stagemill.execute import base
from stagemill.execute.shipping import StoredBlobs
from stagemill.oci.blobs import chunks
from stagemill.oci.descriptor import Descriptor

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]

NAME = "registry.example/team/app:1"


def read(workshop: Workshop, blob: Descriptor) -> bytes:
    with StoredBlobs(workshop.forms).open(blob) as reader:
        return b"".join(chunks(reader))


def tear(workshop: Workshop, blob: Descriptor) -> bytes:
    """Other bytes of the same size in the place of a blob; returns the right ones."""
    path = workshop.store.blobs.path(blob.digest)
    right = path.read_bytes()
    path.write_bytes(right[::-1])
    return right


def packed(workshop: Workshop) -> Descriptor:
    """The blob of a layer that was built here."""
    return workshop.forms.packed(workshop.tree({"app": "binary" * 100}).layers[0]).descriptor


def fetched(workshop: Workshop, *, reference: str = NAME) -> Descriptor:
    """The blob of a base that came from elsewhere and was unpacked."""
    image = make_image(workshop.remote.blobs, {"etc/motd": b"hello" * 100})
    base.remember(workshop.store, image, reference=reference)
    (blob,) = image.manifest.layers
    workshop.store.blobs.put(workshop.remote.blobs.data[blob.digest])
    workshop.forms.directories(base.tree(workshop.store, image.digest))
    return blob


def test_a_blob_that_is_whole_is_read_from_the_store(workshop: Workshop) -> None:
    blob = packed(workshop)

    assert read(workshop, blob) == workshop.store.blobs.read(blob.digest)


def test_a_torn_blob_of_a_build_is_packed_again(workshop: Workshop) -> None:
    blob = packed(workshop)
    right = tear(workshop, blob)

    assert read(workshop, blob) == right
    assert workshop.store.blobs.read(blob.digest) == right


def test_a_lost_blob_of_a_build_is_packed_again(workshop: Workshop) -> None:
    blob = packed(workshop)
    right = workshop.store.blobs.read(blob.digest)
    workshop.store.blobs.remove(blob.digest)

    assert read(workshop, blob) == right


def test_a_torn_blob_of_a_base_is_fetched_again(workshop: Workshop) -> None:
    blob = fetched(workshop)
    right = tear(workshop, blob)

    assert read(workshop, blob) == right
    assert workshop.remote.opened == [NAME]
    assert workshop.store.blobs.read(blob.digest) == right


def test_a_base_that_was_never_fetched_is_fetched_now(workshop: Workshop) -> None:
    image = make_image(workshop.remote.blobs, {"etc/motd": b"hello"})
    base.remember(workshop.store, image, reference=NAME)
    (blob,) = image.manifest.layers

    assert read(workshop, blob) == workshop.remote.blobs.data[blob.digest]


def test_a_torn_blob_that_nobody_can_make_again_is_an_error_with_a_hint(workshop: Workshop) -> None:
    blob = fetched(workshop, reference="")
    tear(workshop, blob)

    with pytest.raises(NotFoundError) as caught:
        read(workshop, blob)

    assert caught.value.hint == "pull or load its image again"


def test_wrong_bytes_from_its_origin_do_not_get_out(workshop: Workshop) -> None:
    blob = fetched(workshop)
    workshop.remote.blobs.data[blob.digest] = tear(workshop, blob)[::-1]

    with pytest.raises(CorruptError):
        read(workshop, blob)

    assert not workshop.store.blobs.has(blob)
