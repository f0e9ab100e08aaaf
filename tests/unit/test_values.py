"""`stagemill.values.dataclass` against the standard library's, on the same class bodies."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field, fields, replace
from typing import Any

import pytest

from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """A value."""

    x: int
    y: int = 0
    tags: tuple[str, ...] = field(default=(), compare=False)
    note: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Deep(Point):
    """A value with one field more than its parent has."""

    z: int = 0


@dataclass(slots=True)
class Counter:
    """What may change."""

    n: int = 0
    seen: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Own:
    """Its own ideas of sameness."""

    name: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Own) and other.name.lower() == self.name.lower()

    def __hash__(self) -> int:
        return hash(self.name.lower())

    def __repr__(self) -> str:
        return f"<{self.name}>"


@dataclass(slots=True)
class Odd:
    """All kinds of fields."""

    name: str
    inside: list[int] = field(default_factory=list)
    n: int = field(kw_only=True)
    made: list[int] = field(init=False, default_factory=list)
    fixed: int = field(init=False, default=7)
    seen: list[str] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        self.seen = [self.name]


@dataclass(slots=True)
class OwnWay:
    """Says itself how it is made."""

    n: int

    def __init__(self) -> None:
        self.n = 5


@dataclass(frozen=True, slots=True)
class Tree:
    """May hold itself, by way of a list."""

    inside: list[Any]


class TestDataclass:
    def test_compares_and_hashes_by_the_fields_that_count(self) -> None:
        assert Point(1, 2, ("a",)) == Point(1, 2, ("b",))
        assert Point(1, 2) != Point(1, 3)
        assert hash(Point(1, 2, ("a",))) == hash(Point(1, 2, ("b",)))
        assert len({Point(1), Point(1), Point(2)}) == 2

    def test_a_child_is_not_its_parent_and_counts_its_own_fields(self) -> None:
        assert Deep(1, 2) != Point(1, 2)
        assert Deep(1, 2, z=3) != Deep(1, 2, z=4)
        assert Point(1) != object()

    def test_shows_itself_as_the_standard_one_does(self) -> None:
        standard = dataclasses.make_dataclass("Point", [("x", int), ("y", int), ("tags", tuple)])

        assert repr(Point(1, 2, ("a",), "hidden")) == repr(standard(1, 2, ("a",)))

    def test_what_may_change_has_no_hash(self) -> None:
        counter = Counter()
        counter.n += 1

        assert counter == Counter(1)
        with pytest.raises(TypeError, match="unhashable"):
            hash(counter)

    def test_parameters_are_as_the_standard_one_has_them(self) -> None:
        assert Odd("a", n=3) == Odd("a", [], n=3)
        assert (Odd("a", n=3).made, Odd("a", n=3).fixed, Odd("a", n=3).seen) == ([], 7, ["a"])
        assert Odd("a", n=1).inside is not Odd("a", n=1).inside
        with pytest.raises(TypeError, match=r"Odd\.__init__\(\) missing 1 required keyword-only argument: 'n'"):
            Odd("a")  # type: ignore[call-arg]
        with pytest.raises(TypeError, match="unexpected keyword argument 'made'"):
            Odd("a", n=1, made=[])  # type: ignore[call-arg]

    def test_a_class_may_have_its_own_way_to_be_made(self) -> None:
        assert OwnWay().n == 5

    def test_keeps_what_the_class_says_itself(self) -> None:
        assert Own("A") == Own("a")
        assert hash(Own("A")) == hash(Own("a"))
        assert repr(Own("A")) == "<A>"

    def test_has_slots_and_works_with_the_standard_helpers(self) -> None:
        assert not hasattr(Point(1), "__dict__")
        assert [each.name for each in fields(Point)] == ["x", "y", "tags", "note"]
        assert replace(Point(1), y=5) == Point(1, 5)
        assert Point.__match_args__ == ("x", "y", "tags", "note")

    def test_is_copied_and_pickled_as_it_is(self) -> None:
        assert copy.deepcopy(Deep(1, 2, z=3)) == Deep(1, 2, z=3)
        assert pickle.loads(pickle.dumps(Deep(1, 2, z=3))) == Deep(1, 2, z=3)

    def test_what_holds_itself_can_be_shown(self) -> None:
        tree = Tree([])
        tree.inside.append(tree)

        assert repr(tree) == "Tree(inside=[...])"


def test_a_class_with_slots_may_have_a_parent_without() -> None:
    @dataclass
    class Open:
        a: int
        b: int = 2

    @dataclass(slots=True)
    class Closed(Open):
        c: int = 3

    made = Closed(1, c=4)

    assert (made.a, made.b, made.c) == (1, 2, 4)
    assert [each.name for each in fields(made)] == ["a", "b", "c"]
    assert Closed.__match_args__ == ("a", "b", "c")


def test_many_threads_may_be_the_first_to_ask_for_the_fields() -> None:
    @dataclass(frozen=True, slots=True)
    class Fresh:
        a: int
        b: int = field(default=0, compare=False)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: [(each.name, each.compare) for each in fields(Fresh)], range(32)))

    assert found == [[("a", True), ("b", False)]] * 32
