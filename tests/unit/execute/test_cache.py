"""The solver's cache in the records of a store."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from contracts.cache import FIRST, CacheContract, key_of, save
from fakes.blobs import make_image
from fakes.tree import MemoryTree
from fakes.workshop import START, Workshop
from stagemill.digest import Digest
from stagemill.execute import base
from stagemill.execute.cache import StoreCache
from stagemill.execute.tree import ContextFiles, Result, Tree, TreeLayer
from stagemill.graph.operations import BaseImage, Context, Copy, Scratch
from stagemill.graph.vertex import Edge, Label, Selection, Vertex

CONTENT = Digest.of(b"content")
PARTS = (("a.txt", "1"), ("b.txt", "2"))

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]


@pytest.fixture
def cache(workshop: Workshop) -> StoreCache:
    return StoreCache(workshop.store, clock=workshop.clock, contents={CONTENT: PARTS})


@pytest.fixture
def results(workshop: Workshop) -> tuple[Result, Result]:
    first = workshop.tree({"a": "1"})
    return first, workshop.tree({"b": "2"}, on=first)


class TestStoreCache(CacheContract[Result]):
    """Keeps what every cache keeps."""


def test_it_outlives_the_process(workshop: Workshop, cache: StoreCache, results: tuple[Result, Result]) -> None:
    save(cache, FIRST, key=key_of(FIRST), result=results[0])

    other = StoreCache(workshop.store, clock=workshop.clock, contents={})

    assert other.load(FIRST.digest) == cache.load(FIRST.digest)


def test_a_record_keeps_when_it_was_made_its_name_and_the_ingredients_of_its_key(
    workshop: Workshop, cache: StoreCache, results: tuple[Result, Result]
) -> None:
    started = workshop.clock()

    save(cache, FIRST, key=key_of(FIRST), result=results[0])

    (record, _) = workshop.store.records.recent("first")
    assert record.created > started >= START
    assert '"args":["first"]' in record.ingredients
    assert Digest.of(record.ingredients.encode()) == record.canonical == key_of(FIRST).digest


def test_a_result_whose_layer_was_lost_is_forgotten(
    workshop: Workshop, cache: StoreCache, results: tuple[Result, Result]
) -> None:
    save(cache, FIRST, key=key_of(FIRST), result=results[1])
    assert isinstance(results[1], Tree)
    workshop.store.layers.remove(results[1].layers[0].digest)

    assert cache.load(FIRST.digest) is None
    assert workshop.store.records.get(FIRST.digest) is None


def test_a_base_that_was_never_fetched_is_whole_as_long_as_the_store_knows_it(
    workshop: Workshop, cache: StoreCache
) -> None:
    image = make_image(workshop.remote.blobs, {"etc/motd": b"hello"})
    base.remember(workshop.store, image, reference="registry.example/app:1")
    tree = base.tree(workshop.store, image.digest)

    save(cache, FIRST, key=key_of(FIRST), result=tree)

    hit = cache.load(FIRST.digest)
    assert hit is not None
    assert hit.result == tree


def test_a_base_that_the_store_does_not_know_is_forgotten(cache: StoreCache) -> None:
    save(cache, FIRST, key=key_of(FIRST), result=Tree((TreeLayer("chain", Digest.of(b"unknown")),)))

    assert cache.load(FIRST.digest) is None


@pytest.mark.parametrize("text", ["", "no json", "{}", "[1]", '[["layer","sha256:no",""]]', '[["what","x",""]]'])
def test_a_record_that_cannot_be_read_is_forgotten(
    workshop: Workshop, cache: StoreCache, results: tuple[Result, Result], text: str
) -> None:
    save(cache, FIRST, key=key_of(FIRST), result=results[0])
    record = workshop.store.records.get(FIRST.digest)
    assert record is not None
    workshop.store.records.put(replace(record, result=text))

    assert cache.load(FIRST.digest) is None
    assert workshop.store.records.get(FIRST.digest) is None


@pytest.mark.parametrize(
    ("op", "result"),
    [
        (Scratch(), Tree()),
        (BaseImage(Digest.of(b"manifest"), "linux/amd64"), Tree()),
        (Context("context", CONTENT), ContextFiles(MemoryTree({}))),
    ],
)
def test_what_costs_nothing_to_make_is_not_remembered(
    workshop: Workshop, cache: StoreCache, op: Scratch | BaseImage | Context, result: Result
) -> None:
    vertex = Vertex(op, (), Label(""))

    save(cache, vertex, key=key_of(vertex), result=result)

    assert list(workshop.store.records.all()) == []


def test_the_files_behind_a_copys_key_are_remembered_with_it(
    workshop: Workshop, cache: StoreCache, results: tuple[Result, Result]
) -> None:
    context = Vertex(Context("context", CONTENT), (), Label(""))
    copy = Vertex(Copy(("a",), "/a"), (Edge(context, Selection(("a",))),), Label("COPY a /a"))

    save(cache, copy, key=key_of(copy), result=results[0])

    assert workshop.store.records.noted(CONTENT) == PARTS


def test_names_that_are_no_utf_8_can_be_part_of_a_key(cache: StoreCache, results: tuple[Result, Result]) -> None:
    odd = os.fsdecode(b"caf\xe9")
    copy = Vertex(Copy((odd,), f"/{odd}"), (Edge(FIRST),), Label(f"COPY {odd} /"))

    save(cache, copy, key=key_of(copy), result=results[0])

    assert cache.load(copy.digest) is not None
