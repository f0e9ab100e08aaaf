"""What of a key may leave this machine."""

from __future__ import annotations

import json

import pytest

from stagemill.digest import canonical
from stagemill.graph.operations import Copy, Run
from stagemill.graph.sealing import sealed
from stagemill.graph.vertex import Label, Vertex
from stagemill.solve.keys import cache_key


def ingredients(op: Run | Copy) -> str:
    return canonical(cache_key(Vertex(op, (), Label("")), ()).ingredients).decode("utf-8", "surrogateescape")


def run(**env: str) -> str:
    return ingredients(Run(("make",), tuple(env.items()), "/", "root"))


def test_values_of_variables_are_not_in_it_and_all_else_is() -> None:
    found = sealed(run(TOKEN="hunter2", PATH="/bin"))

    assert "hunter2" not in found
    assert "/bin" not in found
    document = json.loads(found)
    assert [name for name, _ in document["op"].pop("env")] == ["TOKEN", "PATH"]
    plain = json.loads(run())
    del plain["op"]["env"]
    assert document == plain


def test_an_equal_value_is_known_and_another_one_too() -> None:
    assert sealed(run(V="1")) == sealed(run(V="1"))
    assert sealed(run(V="1")) != sealed(run(V="2"))


def test_what_has_no_variables_stays_as_it_is() -> None:
    copy = ingredients(Copy(("a",), "/a\udcff"))

    assert sealed(copy) == copy


@pytest.mark.parametrize("text", ["", "no json", "[1]", "{}", '{"op": 1}'])
def test_of_what_says_nothing_nothing_is_left(text: str) -> None:
    assert sealed(text) == ""


def test_what_is_no_pair_is_left_out() -> None:
    assert json.loads(sealed('{"op":{"env":["A=1",["B",2]]}}')) == {"op": {"env": [[], []]}}
