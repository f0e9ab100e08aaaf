"""Values: as text, as JSON, and in conditions."""

from __future__ import annotations

import pytest

from stagemill.template.values import NilList, NilMap, Struct, Value, brief, is_true, plain, shown, to_json

STRUCT = Struct({"B": 1, "A": "x", "C": "", "D": NilList()}, omitted=("C", "D"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "<nil>"),
        (True, "true"),
        (0, "0"),
        (1.0, "1"),
        (0.25, "0.25"),
        (1e30, "1e+30"),
        ("a", "a"),
        (["a", 1, None], "[a 1 <nil>]"),
        (("a",), "[a]"),
        ({"b": "1", "a": {}}, "map[a:map[] b:1]"),
        (STRUCT, "{1 x  []}"),
        (NilList(), "[]"),
        (NilMap(), "map[]"),
    ],
)
def test_a_value_is_shown_as_go_does(value: Value, expected: str) -> None:
    assert shown(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (STRUCT, '{"B":1,"A":"x"}'),
        ({"b": STRUCT, "a": []}, '{"a":[],"b":{"B":1,"A":"x"}}'),
        ([NilList(), NilMap(), ()], "[null,null,[]]"),
        ("é<&>\n", '"é<&>\\n"'),
        (Struct({"A": None}), '{"A":null}'),
    ],
)
def test_json_keeps_fields_in_order_and_leaves_out_what_is_omitted(value: Value, expected: str) -> None:
    assert to_json(value) == expected


def test_a_struct_within_an_omitted_field_stays() -> None:
    assert plain(Struct({"A": Struct({}), "B": 0}, omitted=("A", "B"))) == {}


@pytest.mark.parametrize("value", [None, False, 0, 0.0, "", [], {}, NilList(), NilMap()])
def test_what_is_empty_or_zero_is_false(value: Value) -> None:
    assert not is_true(value)


@pytest.mark.parametrize("value", [True, 1, -0.5, "0", [None], {"a": None}, Struct({})])
def test_all_else_is_true(value: Value) -> None:
    assert is_true(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", "a text (a)"),
        ("x" * 100, f"a text ({'x' * 60}…)"),
        ([1], "a list ([1])"),
        (1.5, "a decimal number (1.5)"),
        (None, "nothing (<nil>)"),
    ],
)
def test_errors_show_the_beginning_of_a_value(value: Value, expected: str) -> None:
    assert brief(value) == expected
