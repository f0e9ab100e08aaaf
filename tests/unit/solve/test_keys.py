from __future__ import annotations

from fakes.executor import of, step
from stagemill.digest import Digest, canonical
from stagemill.graph.operations import MakeDirectory
from stagemill.graph.vertex import Edge, Label, Vertex
from stagemill.solve.keys import cache_key

A, B = Digest("sha256:" + "a" * 64), Digest("sha256:" + "b" * 64)


def test_the_form_of_a_canonical_key_stays_as_it_is() -> None:
    parent, source = step("parent"), step("source")
    vertex = Vertex(MakeDirectory("/app"), (Edge(parent), of(source, "x")), Label("mkdir"))

    key = cache_key(vertex, [A, B])

    assert canonical(key.ingredients).decode() == (
        f'{{"inputs":[{{"key":"{A}"}},{{"content":"{B}"}}],"op":{{"kind":"mkdir/1","path":"/app","user":""}}}}'
    )
    assert key.digest == "sha256:5f629c4af88534997ebf73d37bfae7935e1d6fd1a0a8c29fe89a981b910becb8"


def test_the_digest_is_that_of_the_ingredients() -> None:
    key = cache_key(step("a", step("b")), [A])

    assert key.digest == Digest.of_value(key.ingredients)


def test_a_key_and_a_content_of_equal_digest_differ() -> None:
    source = step("source")

    by_definition = cache_key(step("a", source), [A])
    by_content = cache_key(step("a", of(source, "x")), [A])

    assert by_definition != by_content


def test_what_an_edge_selects_counts_only_by_its_content() -> None:
    source = step("source")

    one = cache_key(step("a", of(source, "x")), [A])
    other = cache_key(step("a", of(source, "y")), [A])

    assert one == other


def test_a_vertex_without_inputs_has_its_definition_as_key() -> None:
    vertex = step("a")

    assert cache_key(vertex, []).digest == vertex.digest
