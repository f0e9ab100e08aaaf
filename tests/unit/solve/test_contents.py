from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from fakes.executor import step
from stagemill.digest import Digest
from stagemill.graph.vertex import Selection, Vertex
from stagemill.solve.contents import Contents


def test_a_content_is_computed_once_however_many_ask() -> None:
    computed: list[tuple[str, Selection]] = []
    together = Barrier(4)

    def compute(_reader: Vertex, result: str, select: Selection) -> Digest:
        computed.append((result, select))
        return Digest.of(result.encode())

    contents = Contents(compute)

    def ask(_: int) -> Digest:
        together.wait(60)
        return contents.of(step("a"), "result", Selection(("x",)), reader=step("reader"))

    with ThreadPoolExecutor(4) as pool:
        answers = set(pool.map(ask, range(4)))

    assert answers == {Digest.of(b"result")}
    assert computed == [("result", Selection(("x",)))]


def test_other_vertices_and_other_selections_are_computed_each() -> None:
    computed: list[str] = []

    def compute(_reader: Vertex, result: str, select: Selection) -> Digest:
        computed.append(f"{result} {select.patterns[0]}")
        return Digest.of(b"")

    contents = Contents(compute)

    contents.of(step("a"), "of a", Selection(("x",)), reader=step("reader"))
    contents.of(step("a"), "of a", Selection(("y",)), reader=step("reader"))
    contents.of(step("b"), "of b", Selection(("x",)), reader=step("reader"))

    assert computed == ["of a x", "of a y", "of b x"]


def test_an_error_is_not_remembered() -> None:
    broken = [OSError("disk")]

    def compute(_reader: Vertex, _result: str, _select: Selection) -> Digest:
        if broken:
            raise broken.pop()
        return Digest.of(b"")

    contents = Contents(compute)

    with pytest.raises(OSError, match="disk"):
        contents.of(step("a"), "result", Selection(()), reader=step("reader"))
    assert contents.of(step("a"), "result", Selection(()), reader=step("reader")) == Digest.of(b"")
