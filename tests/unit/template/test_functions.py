"""What functions make of their arguments."""

from __future__ import annotations

import pytest

from stagemill.template.failure import MisuseError
from stagemill.template.functions import FUNCTIONS, NAMES
from stagemill.template.values import Struct, Value

MAP = {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("eq", ("a", "b", "a"), True),
        ("eq", (1, 2), False),
        ("ne", ("a", "b"), True),
        ("lt", ("a", "b"), True),
        ("le", (2, 2), True),
        ("gt", (1.5, 2.5), False),
        ("ge", (2, 3), False),
        ("not", ("",), True),
        ("not", (Struct({}),), False),
        ("index", (["a", "b"], 1), "b"),
        ("index", ("abc", 1), 98),
        ("index", (MAP, "b"), "2"),
        ("index", (MAP, "c"), ""),
        ("index", ({"x": {"y": "z"}}, "x", "y"), "z"),
        ("index", ({"x": {"y": "z"}}, "y"), None),
        ("slice", ("abcdef", 2), "cdef"),
        ("slice", ("abcdef", 1, 3), "bc"),
        ("slice", (["a", "b", "c"], 1), ["b", "c"]),
        ("slice", ("ab",), "ab"),
        ("len", (MAP,), 2),
        ("len", ("héé",), 5),
        ("join", (["a", "b"], ","), "a,b"),
        ("split", ("a,b,c", ","), ["a", "b", "c"]),
        ("split", ("ab", ""), ["a", "b"]),
        ("lower", ("AB",), "ab"),
        ("upper", ("ab",), "AB"),
        ("title", ("hello wOrld foo-bar it's",), "Hello WOrld Foo-Bar It'S"),
        ("pad", ("x", 2, 3), "  x   "),
        ("pad", ("", 2, 3), ""),
        ("truncate", ("abcdef", 2), "ab"),
        ("truncate", ("abc", 10), "abc"),
        ("print", (1, 2, "x", 3, 4), "1 2x3 4"),
        ("print", (True, False), "true false"),
        ("print", (), ""),
        ("println", ("a", 1, 2, "b"), "a 1 2 b\n"),
        ("println", (), "\n"),
        ("printf", ("%s-%d", "a", 1), "a-1"),
        ("json", ({"b": [1, None], "a": "<"},), '{"a":"<","b":[1,null]}'),
    ],
)
def test_a_function_is_as_in_go(name: str, arguments: tuple[Value, ...], expected: Value) -> None:
    assert FUNCTIONS[name].call(arguments) == expected


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("eq", ("a", 1), "a text (a) cannot be compared with a number (1)"),
        ("eq", (1, 1.0), "a number (1) cannot be compared with a decimal number (1)"),
        ("eq", ({}, {}), "a map cannot be compared"),
        ("lt", (True, False), "truth values have no order"),
        ("index", (1, 1), "a list is needed, and this is a number (1)"),
        ("index", (["a"], "x"), "a whole number is needed, and this is a text (x)"),
        ("index", (["a"], -1), "there is no item -1 in a list of 1"),
        ("index", (MAP, 1), "a text is needed, and this is a number (1)"),
        ("index", (Struct({"A": 1}), "A"), "it has fields: write .A"),
        ("slice", ("abc", 2, 1), "there is no part from 2 to 1 in a text of 3"),
        ("len", (3,), "a number has no length"),
        ("len", (None,), "nothing has no length"),
        ("join", (MAP, ","), "a list is needed, and this is a map (map[a:1 b:2])"),
        ("join", ([1], ","), "a text is needed, and this is a number (1)"),
        ("upper", (True,), "a text is needed, and this is a truth value (true)"),
        ("truncate", ("a", "b"), "a whole number is needed, and this is a text (b)"),
    ],
)
def test_what_does_not_fit_is_told(name: str, arguments: tuple[Value, ...], message: str) -> None:
    with pytest.raises(MisuseError) as caught:
        FUNCTIONS[name].call(arguments)

    assert str(caught.value) == message


def test_names_are_those_of_all_functions() -> None:
    assert set(NAMES) == {*FUNCTIONS, "and", "or"}
