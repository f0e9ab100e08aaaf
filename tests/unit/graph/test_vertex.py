from __future__ import annotations

import pytest

from fakes.executor import of, step
from stagemill.digest import Digest
from stagemill.errors import Excerpt
from stagemill.graph.operations import Copy, Scratch
from stagemill.graph.vertex import Edge, Label, Selection, Vertex, walk

SCRATCH = Digest("sha256:e557e37323f19f133b167d9267e2dccfd0e732cac14a7bbe591b2e4e85657c54")
COPY = Digest("sha256:05aed50d2ec8d1f5350dddcb4ab11039c30988817e5fd5d91cc9b448a7e5be1c")


def names(vertices: list[Vertex]) -> list[str]:
    return [vertex.label.name for vertex in vertices]


def test_the_digest_of_a_vertex_stays_as_it_is() -> None:
    scratch = Vertex(Scratch(), (), Label("scratch"))
    copy = Copy(sources=("src",), destination="/app/")

    vertex = Vertex(copy, (Edge(scratch), Edge(scratch, Selection(("src", "*.txt")))), Label("copy"))

    assert scratch.digest == SCRATCH
    assert vertex.digest == COPY


def test_the_label_is_not_in_the_digest() -> None:
    at = Excerpt(file="Dockerfile", line=1, column=1, length=4, text="FROM scratch")

    one = Vertex(Scratch(), (), Label("one"))
    other = Vertex(Scratch(), (), Label("other", "builder", at))

    assert one == other
    assert hash(one) == hash(other)
    assert len({one, other}) == 1


def test_vertices_of_other_digest_are_not_equal() -> None:
    assert step("a") != step("b")
    assert step("a") != "a"


@pytest.mark.parametrize(
    "other",
    [
        step("copy", step("b"), of(step("a"), "x")),
        step("copy", step("a"), step("b")),
        step("copy", step("a"), of(step("b"))),
        step("copy", step("a"), of(step("b"), "x", "y")),
        step("copy", step("a")),
    ],
    ids=["inputs exchanged", "no selection", "an empty selection", "a larger selection", "one input"],
)
def test_inputs_their_order_and_what_they_select_are_in_the_digest(other: Vertex) -> None:
    vertex = step("copy", step("a"), of(step("b"), "x"))

    assert vertex == step("copy", step("a"), of(step("b"), "x"))
    assert vertex != other


def test_walk_gives_inputs_before_what_reads_them() -> None:
    base = step("base")
    left, right = step("left", base), step("right", base)
    target = step("target", left, right)

    assert names(list(walk([target]))) == ["base", "left", "right", "target"]


def test_walk_gives_equal_vertices_once() -> None:
    target = step("target", step("left", step("base")), step("right", step("base")))

    assert names(list(walk([target, target]))) == ["base", "left", "right", "target"]


def test_walk_gives_only_what_the_targets_need() -> None:
    base = step("base")
    step("not needed", base)

    assert names(list(walk([step("a", base), step("b", base)]))) == ["base", "a", "b"]


def test_walk_of_nothing_is_nothing() -> None:
    assert list(walk([])) == []


def test_walk_is_not_stopped_by_depth() -> None:
    vertex = step("0")
    for number in range(1, 3000):
        vertex = step(str(number), vertex)

    assert names(list(walk([vertex]))) == [str(number) for number in range(3000)]


def test_a_lattice_of_diamonds_is_walked_in_one_pass() -> None:
    vertex = step("0")
    for number in range(1, 60):
        vertex = step(str(number), step(f"left {number}", vertex), step(f"right {number}", vertex))

    assert len(list(walk([vertex]))) == 1 + 59 * 3
