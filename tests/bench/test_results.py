"""The figures of a run: what is asked of them, and that they survive being written down."""

from __future__ import annotations

import json

import pytest

from fakes.figures import run_of, timed, yards
from results import Note, Results, cpu, machine, wall
from spread import Spread

COLD = ("hello", "cold")


def test_the_cases_are_what_was_timed_in_its_order() -> None:
    results = run_of(
        timed("mill", [1], row="node"), timed("mill", [1], scenario="warm"), timed("other", [1], row="node")
    )

    assert results.cases == (("node", "cold"), ("hello", "warm"))


def test_a_figure_is_of_one_builder_and_case() -> None:
    results = run_of(timed("mill", [1, 2, 3]), timed("other", [9]), timed("mill", [7], scenario="warm"))

    assert results.spread(COLD, "mill", wall) == Spread(2, 1, 3, 3)
    assert results.spread(COLD, "mill", cpu) == Spread(1, 0.5, 1.5, 3)
    assert results.spread(COLD, "nobody", wall) is None


def test_below_one_the_first_builder_needs_less() -> None:
    results = run_of(timed("mill", [1, 2]), timed("other", [4, 4]))

    assert results.against(COLD, "other", wall) == Spread(0.375, 0.25, 0.5, 2)
    assert results.against(COLD, "mill", wall) == Spread(1, 1, 1, 2)


def test_a_yardstick_is_that_of_the_same_row() -> None:
    results = run_of(timed("mill", [3]), yards("cp -a", [2]), yards("cp -a", [1000], row="node"), yards("tar", [1]))

    assert results.yardsticks == ("cp -a", "tar")
    assert results.against_yardstick(COLD, "cp -a") == Spread(1.5, 1.5, 1.5, 1)
    assert results.against_yardstick(COLD, "sha256sum") is None


def test_what_is_written_is_read_again() -> None:
    results = run_of(timed("mill", [1, 2]), yards("cp -a", [2]), [Note("node", "other", "it failed")])

    assert Results.from_json(results.to_json()) == results


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no", "Expecting value"),
        ("{}", "these are no figures of a run"),
        ("[]", "these are no figures of a run"),
        (json.dumps({"format": 99}), "its format is 99, not 1"),
        (json.dumps({"format": 1, "machine": {}, "builders": [], "timed": [{"row": "x"}]}), "no figures of a run"),
    ],
)
def test_what_no_run_wrote_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Results.from_json(text)


def test_a_run_says_what_machine_it_was_on() -> None:
    found = machine()

    assert found.keys() == {"cores", "cpu", "kernel", "python"}
    assert all(found.values())
