"""What the inputs of a step counted with."""

from __future__ import annotations

from stagemill.insight.why.keys import inputs, read


def test_inputs_count_by_key_or_by_content() -> None:
    assert inputs({"inputs": [{"key": "a"}, {"content": "b"}, 3]}) == ["a", "b"]
    assert inputs({}) == []
    assert inputs([]) == []


def test_what_is_no_json_has_none() -> None:
    assert read('{"inputs":[{"key":"a"}]}') == ["a"]
    assert read("{") == ()
