"""Two runs beside each other: ratios are compared, seconds are not."""

from __future__ import annotations

from dataclasses import replace

from compare import compare
from fakes.figures import run_of, timed, yards


def lines(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in text.splitlines()]


def test_a_slower_machine_is_no_slower_builder() -> None:
    before = run_of(timed("mill", [1, 1]), timed("other", [2, 2]))
    after = run_of(timed("mill", [10, 10]), timed("other", [20, 20]))

    assert lines(compare(before, after)) == [
        ["row", "scenario", "mill against", "before", "after", "change"],
        ["hello", "cold", "other", "0.50 (0.50-0.50)", "0.50 (0.50-0.50)", "+0 %", "within the spread"],
    ]


def test_what_became_faster_has_a_change_below_zero() -> None:
    before = run_of(timed("mill", [4, 4]), timed("other", [2, 2]))
    after = run_of(timed("mill", [1, 1]), timed("other", [2, 2]))

    assert lines(compare(before, after))[1:] == [
        ["hello", "cold", "other", "2.00 (2.00-2.00)", "0.50 (0.50-0.50)", "-75 %"],
    ]


def test_a_single_round_is_not_judged() -> None:
    before, after = (run_of(timed("mill", [wall]), yards("cp -a", [1])) for wall in (2, 3))

    assert lines(compare(before, after))[1:] == [["hello", "cold", "cp -a", "2.00", "3.00", "+50 %", "one round"]]


def test_only_what_both_runs_have_is_compared() -> None:
    before = run_of(
        timed("mill", [1]), timed("other", [1]), timed("mill", [1], row="go"), timed("other", [1], row="go")
    )
    after = run_of(timed("mill", [1]), timed("other", [1]), timed("mill", [1], row="deep"))

    assert [line[0] for line in lines(compare(before, after))] == ["row", "hello"]


def test_runs_on_other_machines_are_compared_with_a_note() -> None:
    before = run_of(timed("mill", [1]), timed("other", [1]))
    after = replace(before, machine={"cores": "64", "kernel": "6.18"})

    assert compare(before, after).splitlines()[0] == "note: the runs differ in cores: 2, 64"


def test_runs_with_nothing_in_common_have_nothing_to_compare() -> None:
    mill = run_of(timed("mill", [1]), timed("other", [1]))
    alone = run_of(timed("mill", [1]), builders=("mill",))
    others = run_of(timed("other", [1]), builders=("other",))

    assert compare(mill, alone) == "nothing to compare: the runs have no row, scenario and builder in common"
    assert compare(mill, others) == "nothing to compare: one run is of mill, the other of other"
