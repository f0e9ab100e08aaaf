"""What the store has to know of a base before its layers are needed."""

from __future__ import annotations

import pytest

from fakes.blobs import MemoryBlobs, make_image
from fakes.workshop import Workshop
from stagemill.digest import Digest
from stagemill.errors import CorruptError, NotFoundError
from stagemill.execute import base
from stagemill.execute.tree import Tree, TreeLayer
from stagemill.oci.image_index import ImageIndex
from stagemill.oci.platform import Platform
from stagemill.store.links import BaseLayer

OTHER = Platform("linux", "riscv64")
NAME = "registry.example/team/app:1"


def test_an_image_is_remembered_by_its_documents_and_its_chains(workshop: Workshop) -> None:
    image = make_image(MemoryBlobs(), {"a": b"1"}, {"b": b"2"})

    base.remember(workshop.store, image, reference=NAME)

    lower, upper = image.chain_ids
    first, second = image.manifest.layers
    assert base.read_image(workshop.store, image.digest) == image
    assert workshop.store.links.base(lower) == BaseLayer(lower, None, image.config.diff_ids[0], first, NAME)
    assert workshop.store.links.base(upper) == BaseLayer(upper, lower, image.config.diff_ids[1], second, NAME)
    assert [workshop.store.links.origin(layer.digest) for layer in (first, second)] == [NAME, NAME]
    assert not workshop.store.blobs.has(first)


class TestKept:
    def test_an_image_is_found_by_its_digest(self, workshop: Workshop) -> None:
        image = make_image(MemoryBlobs(), {"a": b"1"})
        base.remember(workshop.store, image, reference=NAME)

        assert base.kept(workshop.store, image.digest, OTHER) == image

    def test_of_an_index_the_one_for_the_platform_is(self, workshop: Workshop) -> None:
        own, other = (make_image(MemoryBlobs(), {"a": b"1"}, platform=one) for one in (Platform.local(), OTHER))
        index = ImageIndex.build([other, own])
        base.remember_all(workshop.store, index, reference=NAME)

        assert base.kept(workshop.store, index.digest, Platform.local()) == own
        assert base.kept(workshop.store, index.digest, OTHER) == other
        assert base.kept(workshop.store, index.digest, Platform("linux", "s390x")) is None

    def test_where_any_document_is_missing_there_is_none(self, workshop: Workshop) -> None:
        own = make_image(MemoryBlobs(), {"a": b"1"})
        index = ImageIndex.build([own])
        digest = workshop.store.blobs.put(index.index_bytes)
        found = [base.kept(workshop.store, digest, Platform.local())]
        workshop.store.blobs.put(own.manifest_bytes)
        found.append(base.kept(workshop.store, digest, Platform.local()))
        workshop.store.blobs.put(own.config_bytes)

        assert found == [None, None]
        assert base.kept(workshop.store, digest, Platform.local()) == own

    @pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"manifests": 1}', b'{"config": {}}'])
    def test_what_is_no_image_is_none(self, workshop: Workshop, data: bytes) -> None:
        assert base.kept(workshop.store, workshop.store.blobs.put(data), Platform.local()) is None


def test_its_tree_is_its_chains(workshop: Workshop) -> None:
    image = make_image(MemoryBlobs(), {"a": b"1"}, {"b": b"2"})
    base.remember(workshop.store, image, reference=NAME)

    expected = Tree(tuple(TreeLayer("chain", chain) for chain in image.chain_ids))
    assert base.tree(workshop.store, image.digest) == expected


def test_a_chain_that_is_known_stays_as_it_was_packed_first(workshop: Workshop) -> None:
    """The same files compressed in another way are another blob of the same chain."""
    first = make_image(MemoryBlobs(), {"a": b"1"})
    second = make_image(MemoryBlobs(), {"a": b"1"}, compressed=False)
    base.remember(workshop.store, first, reference=NAME)

    base.remember(workshop.store, second, reference="registry.example/other:1")

    remembered = workshop.store.links.base(first.chain_ids[0])
    assert first.chain_ids == second.chain_ids
    assert remembered is not None
    assert (remembered.descriptor, remembered.reference) == (first.manifest.layers[0], NAME)


def test_an_image_that_the_store_does_not_have_is_not_found(workshop: Workshop) -> None:
    with pytest.raises(NotFoundError):
        base.read_image(workshop.store, Digest.of(b"nothing"))


def test_a_torn_config_is_an_error(workshop: Workshop) -> None:
    image = make_image(MemoryBlobs(), {"a": b"1"})
    base.remember(workshop.store, image, reference=NAME)
    workshop.store.blobs.path(image.manifest.config.digest).write_bytes(b"torn")

    with pytest.raises(CorruptError):
        base.read_image(workshop.store, image.digest)
