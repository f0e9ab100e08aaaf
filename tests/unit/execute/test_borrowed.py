"""What imports have, as results; fetching what is wanted of it, and remembering it. Whole builds: test_exporting.py."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Barrier

import pytest

from fakes.blobs import MemoryBlobs, make_image
from fakes.caching import contents, key, layer, source, step
from fakes.workshop import Workshop
from stagemill.cache.contents import CacheContents, CachedLayer
from stagemill.cache.imports import Imports
from stagemill.digest import Digest
from stagemill.errors import CorruptError
from stagemill.events import Failed, Finished, Started
from stagemill.execute import base
from stagemill.execute.borrowed import ImportedSteps, bring
from stagemill.execute.forms import Forms
from stagemill.execute.tree import Tree, TreeLayer
from stagemill.oci.blobs import Reader
from stagemill.oci.descriptor import Descriptor

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]


def imports(workshop: Workshop, found: CacheContents, blobs: MemoryBlobs) -> Imports:
    return Imports([source("a test", found, blobs)], listener=workshop.heard.append, clock=workshop.clock)


def tree(*layers: CachedLayer) -> Tree:
    return Tree(tuple(TreeLayer(each.form, each.digest, each.created) for each in layers))


class TestImportedSteps:
    def test_a_step_is_a_tree_of_its_layers(self, workshop: Workshop) -> None:
        blobs = MemoryBlobs()
        image = make_image(workshop.remote.blobs, {"a": b"1"})
        base.remember(workshop.store, image, reference="registry.example/app:1")
        layers = (CachedLayer("chain", image.chain_ids[0]), layer(blobs, "own"))
        steps = ImportedSteps(imports(workshop, CacheContents.of([step("a", *layers)]), blobs), workshop.store)

        hit = steps.load(key("a"))

        assert hit is not None
        assert (hit.result, hit.canonical) == (tree(*layers), key("a"))
        assert isinstance(hit.result, Tree)
        assert hit.result.layers[1].created == layers[1].created
        assert steps.load(key("b")) is None

    def test_a_step_on_an_unknown_base_is_none(self, workshop: Workshop) -> None:
        blobs = MemoryBlobs()

        steps = ImportedSteps(imports(workshop, contents(blobs, "a"), blobs), workshop.store)

        assert steps.load(key("a")) is None


class Meeting:
    """Blobs that are only given out to two at once."""

    def __init__(self, blobs: MemoryBlobs) -> None:
        self._blobs = blobs
        self._barrier = Barrier(2)

    @contextmanager
    def open(self, descriptor: Descriptor, /) -> Iterator[Reader]:
        self._barrier.wait(60)
        with self._blobs.open(descriptor) as reader:
            yield reader


class TestBring:
    def test_layers_are_fetched_at_the_same_time_each_once(self, workshop: Workshop) -> None:
        blobs = MemoryBlobs()
        layers = [layer(blobs, "a"), layer(blobs, "b")]
        found = Imports(
            [source("a test", CacheContents.of([step("a", *layers)]), Meeting(blobs))],
            listener=workshop.heard.append,
            clock=workshop.clock,
        )
        forms = Forms(workshop.store, remote=workshop.remote.source, imports=found)

        bring([tree(*layers), tree(layers[0])], forms, listener=workshop.heard.append, clock=workshop.clock)

        assert all(workshop.store.holds(each.digest) for each in layers)
        (fetching,) = [each for each in workshop.events(Started) if each.name == "fetching 2 layers from the cache"]
        assert fetching.step in {each.step for each in workshop.events(Finished)}

    def test_where_all_is_here_nothing_is_said(self, workshop: Workshop) -> None:
        forms = workshop.forms
        own = workshop.tree({"a": "1"})

        bring([own], forms, listener=workshop.heard.append, clock=workshop.clock)

        assert workshop.heard == []

    def test_a_layer_that_cannot_be_had_is_an_error_after_which_its_source_is_lost(self, workshop: Workshop) -> None:
        blobs = MemoryBlobs()
        one = layer(blobs, "a")
        found = imports(workshop, CacheContents.of([step("a", one)]), blobs)
        assert found.step(key("a")) is not None
        blobs.data.clear()
        forms = Forms(workshop.store, remote=workshop.remote.source, imports=found)

        with pytest.raises(CorruptError, match="a layer of an imported cache cannot be used: there is no blob"):
            bring([tree(one)], forms, listener=workshop.heard.append, clock=workshop.clock)

        assert found.step(key("a")) is None
        assert workshop.events(Failed)

    def test_a_layer_that_nobody_has_is_an_error(self, workshop: Workshop) -> None:
        lost = Tree((TreeLayer("layer", Digest.of(b"lost")),))

        with pytest.raises(CorruptError, match="is neither in the store nor in a cache"):
            bring([lost], workshop.forms, listener=workshop.heard.append, clock=workshop.clock)
