"""Documents, key by key."""

from __future__ import annotations

from stagemill.oci.document import Json
from stagemill.verify.difference import KeyDifference
from stagemill.verify.documents import differences


def test_each_value_is_told_at_its_innermost_place() -> None:
    one: Json = {"config": {"Env": ["A=1", "B=2"], "User": "x"}, "os": "linux"}
    other: Json = {"config": {"Env": ["A=1", "B=3", "C=4"]}, "os": "linux"}

    assert list(differences(one, other)) == [
        KeyDifference("config.Env[1]", "B=2", "B=3"),
        KeyDifference("config.Env[2]", None, "C=4"),
        KeyDifference("config.User", "x", None),
    ]


def test_the_same_is_nothing_and_a_list_is_no_object() -> None:
    assert list(differences({"a": [1]}, {"a": [1]})) == []
    assert list(differences({"a": [1]}, {"a": {"0": 1}}, key="x")) == [KeyDifference("x.a", [1], {"0": 1})]


def test_a_time_of_building_says_how_to_give_another() -> None:
    (found,) = differences({"history": [{"created": "a"}]}, {"history": [{"created": "b"}]})

    assert found.key == "history[0].created"
    assert found.cause
    assert "--source-date-epoch" in found.cause.mend
