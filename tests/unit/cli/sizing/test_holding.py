"""The table of a budget, and the error where it does not hold."""

from __future__ import annotations

import pytest

from stagemill.cli.sizing import holding
from stagemill.dockerfile.parser import parse
from stagemill.errors import StagemillError, UsageError
from stagemill.insight.budget import Budget, Held, Share

LINES = [Held("size", 1500, 2000), Held("stage build", 5000, 2000)]


def test_the_table_says_what_is_over_and_by_how_much() -> None:
    assert holding.table_of(LINES).splitlines() == [
        "BUDGET          FOUND   AT MOST",
        "size          1.50 kB   2.00 kB   ok",
        "stage build   5.00 kB   2.00 kB   3.00 kB over",
    ]


def test_what_does_not_hold_is_named() -> None:
    with pytest.raises(StagemillError) as error:
        holding.refuse("app", LINES, told=True)
    with pytest.raises(StagemillError) as untold:
        holding.refuse("app", LINES, told=False)

    assert error.value.message == "app is over its budget: stage build"
    assert untold.value.message == f"app is over its budget: stage build\n{holding.table_of(LINES)}"
    assert error.value.hint == "stagemill size --by waste lists what could go; stagemill diff shows what is new"
    assert error.value.exit_code == 1


def test_what_holds_is_no_error() -> None:
    holding.refuse("app", LINES[:1], told=False)
    holding.refuse("app", [], told=False)


def test_a_stage_that_has_a_budget_is_a_stage_of_the_file() -> None:
    file = parse("FROM scratch AS build\nFROM scratch\n")

    holding.check(Budget(stages={"build": 1, "stage-1": 1}), file)
    with pytest.raises(UsageError) as error:
        holding.check(Budget(stages={"biuld": 1}), file)

    assert error.value.message == "--max-size biuld has no effect: no stage of Dockerfile has that name"
    assert error.value.hint == "did you mean build?"


def test_what_could_not_be_held_is_said() -> None:
    budget = Budget(growth=Share(5), stages={"build": 1, "test": 2})

    assert list(holding.unmeasured(budget, LINES, "app")) == [
        "there is no image before app that its growth could be measured from",
        "stage test is not among what was weighed, and its budget was not looked at",
    ]
    assert list(holding.unmeasured(Budget(size=1), LINES, "app")) == []
