"""What a cache holds, and the document that says so."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from fakes.blobs import MemoryBlobs
from fakes.caching import BASE, contents, definition, key, layer, step
from stagemill.cache.contents import CacheContents, CachedMount
from stagemill.digest import Digest
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.document import MalformedError


def test_contents_come_back_as_they_were_written() -> None:
    blobs = MemoryBlobs()
    below, above = layer(blobs, "a"), layer(blobs, "b")
    found = CacheContents.of([step("one", BASE, below), step("two", BASE, below, above), step("none")])

    assert CacheContents.parse(found.serialize()) == found


def test_the_same_contents_are_the_same_bytes_whatever_their_order() -> None:
    blobs = MemoryBlobs()
    steps = contents(blobs, "a", "b", "c").steps

    assert CacheContents.of(reversed(steps)).serialize() == CacheContents.of(steps).serialize()


def test_a_layer_is_written_once_however_many_steps_have_it() -> None:
    blobs = MemoryBlobs()
    shared = layer(blobs, "shared")
    found = CacheContents.of(step(str(number), BASE, shared) for number in range(5))

    document = json.loads(found.serialize())

    assert len(document["layers"]) == 2
    assert [len(each["layers"]) for each in document["steps"]] == [2] * 5
    assert found.layers == (shared,)
    assert found.blobs == (shared.blob,)


def test_the_form_of_the_document_is_pinned() -> None:
    found = CacheContents.of([step("one", BASE, layer(MemoryBlobs(), "a"))])

    assert Digest.of(found.serialize()) == "sha256:67e1619a3b02a6a4b22dca531b6c1ff799cd0b772b8713592b62b97fb67462f1"


def test_a_step_has_all_definitions_that_lead_to_it() -> None:
    one = replace(step("one"), definitions=(definition("b"), definition("a")))
    other = replace(one, definitions=(definition("c"), definition("a")))

    (found,) = CacheContents.of([one, other]).steps

    assert found.key == key("one")
    assert found.definitions == tuple(sorted(definition(name) for name in "abc"))


def test_ingredients_of_keys_come_back_too_of_whoever_knows_them() -> None:
    known = replace(step("one"), ingredients='{"inputs":[],"op":{"args":["\xfc"],"kind":"run/3"}}')

    found = CacheContents.of([step("one"), known, step("two")])

    assert CacheContents.parse(found.serialize()) == found
    assert sorted(each.ingredients for each in found.steps) == ["", known.ingredients]


def mount(name: str, saved: int = 1) -> CachedMount:
    return CachedMount(name, Descriptor("t", Digest.of(name.encode()), 3), Digest.of(b"tar"), 100, saved)


def test_mounts_come_back_too_and_their_blobs_are_the_caches() -> None:
    found = CacheContents.of([step("one", BASE)], [mount("b"), mount("a"), mount("b", saved=2)])

    assert CacheContents.parse(found.serialize()) == found
    assert found.mounts == (mount("a"), mount("b"))
    assert found.blobs == (mount("a").blob, mount("b").blob)


def change(**changes: Any) -> bytes:
    document = json.loads(contents(MemoryBlobs(), "a").serialize())
    return json.dumps({**document, **changes}).encode()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"no JSON", "the cache is no JSON"),
        (b"[]", "the cache is no JSON object"),
        (b"{}", "'version' is None, not an integer"),
        (change(version=2), "the cache has version 2, and version 1 is read"),
        (change(layers=[{"form": "cake", "digest": key("a")}]), "'cake' is no form of a layer"),
        (change(layers=[{"form": "layer", "digest": "md5:1"}]), "not a sha256 digest: 'md5:1'"),
        (
            change(steps=[{"key": key("a"), "definitions": [], "layers": [2]}]),
            "2 is no layer of the cache, which has 2",
        ),
        (change(steps=[{"key": key("a"), "definitions": [], "layers": [-1]}]), "-1 is no layer of the cache"),
        (change(steps=[{"key": key("a"), "definitions": [], "layers": [True]}]), "True is no layer of the cache"),
        (change(steps=[{"key": "x", "definitions": [], "layers": []}]), "not a sha256 digest: 'x'"),
        (change(steps=[{"key": key("a"), "definitions": ["x"], "layers": []}]), "not a sha256 digest: 'x'"),
        (change(steps={}), "'steps' is {}, not an array"),
        (
            change(steps=[{"key": key("a"), "definitions": [], "layers": [], "ingredients": 1}]),
            "'ingredients' is 1, not an object",
        ),
        (change(mounts=[{"name": "a"}]), "'digest' is None, not a string"),
    ],
)
def test_what_is_no_such_document_is_told(data: bytes, message: str) -> None:
    with pytest.raises(MalformedError) as caught:
        CacheContents.parse(data)

    assert message in str(caught.value)
