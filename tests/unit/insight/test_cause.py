"""Why a step is not in the cache."""

from __future__ import annotations

import pytest

from stagemill.insight.cause import inputs, of_files, of_operation
from stagemill.oci.document import Json

RUN: dict[str, Json] = {"kind": "run/2", "args": ["make"], "env": [["PATH", "/bin"], ["V", "1"]], "cwd": "/", "new": 1}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, None),
        ({"args": ["make", "all"]}, "the command changed"),
        ({"cwd": "/app"}, "the working directory changed"),
        ({"new": 2}, "its new changed"),
        ({"kind": "copy/1"}, "it is another kind of step"),
        ({"env": [["PATH", "/bin"], ["V", "2"]]}, "V was 1, is 2"),
        ({"env": [["PATH", "/bin"]]}, "V is gone"),
        ({"env": [["PATH", "/bin"], ["V", "1"], ["W", ""]]}, "W is new"),
        ({"env": [["A", "1"]]}, "A is new, PATH is gone and 1 more"),
        ({"env": [["PATH", "/bin"], ["V", "x" * 30]]}, f"V was 1, is {'x' * 23}…"),
    ],
)
def test_an_operation_that_differs_says_in_what(change: dict[str, Json], expected: str | None) -> None:
    assert of_operation({**RUN, **change}, RUN) == expected


def test_of_a_value_that_was_left_out_only_the_name_is_told() -> None:
    before: dict[str, Json] = {**RUN, "env": [["PATH", {"tag": "1"}], ["V", {"tag": "2"}]]}

    assert of_operation({**RUN, "env": [["PATH", {"tag": "1"}], ["V", {"tag": "3"}]]}, before) == "V changed"
    assert of_operation({**RUN, "env": [["PATH", {"tag": "1"}]]}, before) == "V is gone"


def test_what_is_no_operation_says_nothing() -> None:
    assert of_operation(None, RUN) is None


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ({"a": "1", "b": "1"}, None),
        ({"a": "2", "b": "1"}, "a changed"),
        ({"a": "1"}, "b is gone"),
        ({"a": "1", "b": "1", "c": "1"}, "c is new"),
        ({"a": "2", "b": "2", "c": "1", "d": "1"}, "a changed, b changed and 2 more"),
        ({"a": "1", "b": "1", "": "."}, ". is new"),
    ],
)
def test_files_that_differ_are_named(now: dict[str, str], expected: str | None) -> None:
    assert of_files(list(now.items()), [("a", "1"), ("b", "1")]) == expected


def test_inputs_count_by_key_or_by_content() -> None:
    assert inputs({"inputs": [{"key": "a"}, {"content": "b"}, 3]}) == ["a", "b"]
    assert inputs({}) == []
