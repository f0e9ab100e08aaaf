"""A layer's directory, index and blob, each made of another when somebody needs it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from fakes.blobs import MemoryBlobs, make_image
from fakes.workshop import Workshop
from stagemill.digest import Digest
from stagemill.errors import CancelledError, CorruptError, NotFoundError
from stagemill.execute import base
from stagemill.execute.forms import Forms
from stagemill.execute.tree import Tree, TreeLayer
from stagemill.oci.blobs import BlobSource, Reader
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image import Image

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]

NAME = "registry.example/team/app:1"


@pytest.fixture
def image(workshop: Workshop) -> Image:
    """Two layers of which the upper hides a file of the lower; the store knows of it, and has nothing of it yet."""
    made = make_image(
        workshop.remote.blobs, {"etc/motd": b"hello", "etc/old": b"old"}, {"etc/.wh.old": b"", "new": b"n"}
    )
    base.remember(workshop.store, made, reference=NAME)
    return made


@pytest.fixture
def tree(workshop: Workshop, image: Image) -> Tree:
    return base.tree(workshop.store, image.digest)


def nobody(reference: str) -> BlobSource:
    raise AssertionError(f"nobody was to ask for {reference}")


class TestBase:
    def test_its_layers_are_fetched_when_somebody_reads_them(self, workshop: Workshop, tree: Tree) -> None:
        forms = workshop.forms
        before = list(workshop.remote.opened)

        view = forms.view(tree)

        assert before == []
        assert workshop.remote.opened == [NAME, NAME]
        assert (view.listdir("etc"), view.real_path("etc/motd").read_bytes()) == (["motd"], b"hello")

    def test_what_was_fetched_is_kept(self, workshop: Workshop, tree: Tree, image: Image) -> None:
        workshop.forms.directories(tree)

        assert all(workshop.store.blobs.has(layer) for layer in image.manifest.layers)
        assert Forms(workshop.store, remote=nobody).view(tree).listdir("") == ["etc", "new"]

    def test_a_blob_that_the_store_has_is_not_fetched(self, workshop: Workshop, tree: Tree, image: Image) -> None:
        for layer in image.manifest.layers:
            workshop.store.blobs.put(workshop.remote.blobs.data[layer.digest])

        assert Forms(workshop.store, remote=nobody).view(tree).listdir("") == ["etc", "new"]

    def test_a_layer_that_was_lost_is_unpacked_again(self, workshop: Workshop, tree: Tree) -> None:
        workshop.store.layers.remove(workshop.forms.layers(tree)[0])

        assert workshop.forms.view(tree).listdir("etc") == ["motd"]

    def test_two_that_need_it_fetch_it_once(self, workshop: Workshop, tree: Tree) -> None:
        with ThreadPoolExecutor(6) as pool:
            found = list(pool.map(lambda _: workshop.forms.view(tree).listdir("etc"), range(6)))

        assert found == [["motd"]] * 6
        assert workshop.remote.opened == [NAME, NAME]

    def test_progress_is_told_of_each_layer(self, workshop: Workshop, tree: Tree, image: Image) -> None:
        told: dict[str, tuple[int, int | None]] = {}

        def progress(part: str, current: int, total: int | None, /, *, done: bool) -> None:
            if done:
                told[part] = (current, total)

        workshop.forms.directories(tree, progress=progress)

        assert told == {str(layer.digest): (layer.size, layer.size) for layer in image.manifest.layers}

    def test_a_build_that_was_stopped_fetches_nothing(self, workshop: Workshop, tree: Tree) -> None:
        cancelled = threading.Event()
        cancelled.set()

        with pytest.raises(CancelledError):
            workshop.forms.directories(tree, cancelled=cancelled)

        assert list(workshop.store.layers.all()) == []

    def test_wrong_bytes_are_an_error_and_nothing_of_them_stays(
        self, workshop: Workshop, tree: Tree, image: Image
    ) -> None:
        layer = image.manifest.layers[0]
        right = workshop.remote.blobs.data[layer.digest]
        workshop.remote.blobs.data[layer.digest] = right[:-1] + b"?"

        with pytest.raises(CorruptError):
            workshop.forms.directories(tree)

        assert not workshop.store.blobs.has(layer)
        workshop.remote.blobs.data[layer.digest] = right
        assert workshop.forms.view(tree).listdir("etc") == ["motd"]

    def test_where_nobody_knows_where_it_was_the_hint_says_what_to_do(self, workshop: Workshop) -> None:
        image = make_image(workshop.remote.blobs, {"etc/motd": b"hello"})
        base.remember(workshop.store, image, reference="")

        with pytest.raises(NotFoundError) as caught:
            workshop.forms.directories(base.tree(workshop.store, image.digest))

        short = image.manifest.layers[0].digest.short
        assert caught.value.message == f"blob {short} is not in the store, and nobody knows where it was"
        assert caught.value.hint == "pull or load its image again"

    def test_a_chain_that_the_store_does_not_know_is_torn(self, workshop: Workshop) -> None:
        chain = Digest.of(b"chain")

        with pytest.raises(CorruptError) as caught:
            workshop.forms.directories(Tree((TreeLayer("chain", chain),)))

        assert caught.value.message == f"the store does not know where base layer {chain.short} came from"
        assert caught.value.hint == "build again"

    def test_layers_are_fetched_at_the_same_time(self, workshop: Workshop) -> None:
        image = make_image(workshop.remote.blobs, {"a": b"1"}, {"b": b"2"}, {"c": b"3"})
        base.remember(workshop.store, image, reference=NAME)
        meeting = Meeting(workshop.remote.blobs, parties=3)

        forms = Forms(workshop.store, remote=lambda _reference: meeting)

        assert forms.view(base.tree(workshop.store, image.digest)).listdir("") == ["a", "b", "c"]


class Meeting:
    """A source whose readers wait until several of them are open."""

    def __init__(self, blobs: MemoryBlobs, *, parties: int) -> None:
        self._blobs = blobs
        self._barrier = threading.Barrier(parties, timeout=60)

    @contextmanager
    def open(self, descriptor: Descriptor) -> Iterator[Reader]:
        self._barrier.wait()
        with self._blobs.open(descriptor) as reader:
            yield reader


class TestPacked:
    def test_a_layer_of_a_build_is_packed_when_it_is_asked_for(self, workshop: Workshop) -> None:
        (layer,) = workshop.tree({"app": "binary"}).layers
        before = list(workshop.store.blobs.all())

        packed = workshop.forms.packed(layer)

        assert before == []
        assert list(workshop.store.blobs.all()) == [packed.descriptor.digest]
        assert packed.descriptor.media_type == "application/vnd.oci.image.layer.v1.tar+gzip"

    def test_it_is_packed_once(self, workshop: Workshop) -> None:
        (layer,) = workshop.tree({"app": "binary"}).layers
        first = workshop.forms.packed(layer)
        written = workshop.store.blobs.path(first.descriptor.digest).stat().st_ino

        second = workshop.forms.packed(layer)

        assert second == first
        assert workshop.store.blobs.path(first.descriptor.digest).stat().st_ino == written

    def test_a_blob_that_was_lost_is_packed_again_to_the_same_bytes(self, workshop: Workshop) -> None:
        (layer,) = workshop.tree({"app": "binary"}).layers
        first = workshop.forms.packed(layer)
        workshop.store.blobs.remove(first.descriptor.digest)

        assert workshop.forms.packed(layer) == first
        assert workshop.store.blobs.has(first.descriptor)

    def test_a_bases_layer_keeps_its_blob_and_is_not_fetched_for_it(
        self, workshop: Workshop, tree: Tree, image: Image
    ) -> None:
        packed = [Forms(workshop.store, remote=nobody).packed(layer) for layer in tree.layers]

        assert tuple(facts.descriptor for facts in packed) == image.manifest.layers
        assert tuple(facts.diff_id for facts in packed) == image.config.diff_ids


class TestView:
    def test_a_tree_has_one_view(self, workshop: Workshop) -> None:
        forms = workshop.forms
        tree = workshop.tree({"app": "binary"})

        assert forms.view(tree) is forms.view(Tree(tree.layers))

    def test_digests_come_from_the_index(self, workshop: Workshop) -> None:
        tree = workshop.tree({"app": "binary"})
        (place,) = workshop.forms.directories(tree)
        (place / "app").write_text("other!")

        assert workshop.forms.view(tree).digest("app") == Digest.of(b"binary")

    def test_a_torn_index_is_an_error_and_the_layer_is_thrown_away(self, workshop: Workshop) -> None:
        tree = workshop.tree({"app": "binary"})
        layer = tree.layers[0].digest
        (workshop.store.layers.directory(layer).parent / "index").write_bytes(b"torn")

        with pytest.raises(CorruptError):
            workshop.forms.view(tree).digest("app")

        assert not workshop.store.layers.has(layer)

    def test_the_empty_tree_has_a_root(self, workshop: Workshop) -> None:
        assert workshop.forms.view(Tree()).listdir("") == []
        assert workshop.forms.directories(Tree()) == ()
