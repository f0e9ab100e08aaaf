"""Hints for names that there are not."""

from __future__ import annotations

from stagemill.template.suggest import near


def test_a_near_name_is_asked_for() -> None:
    assert near("Ids", ["Id", "Os"], title="fields", sign=".") == "did you mean .Id?"


def test_without_one_all_are_named() -> None:
    assert near("Nothing", ["Id", "Os"], title="fields", sign=".") == "the fields are .Id, .Os"


def test_many_are_cut() -> None:
    hint = near("zzzz", [f"n{number:02}" for number in range(40)], title="functions")

    assert hint.endswith("n28, n29, …")


def test_where_there_are_none_that_is_said() -> None:
    assert near("x", [], title="fields") == "there are no fields"
