"""The critical path, and what a report counts."""

from __future__ import annotations

from stagemill.insight.outlook import Doing, OutlookReport, PathStep, Role, StageOutlook, StepOutlook, critical_path


def step(name: str, seconds: float | None = None) -> PathStep:
    return PathStep(name, name, seconds)


def path(steps: list[PathStep], **below: str) -> list[str]:
    return [found.id for found in critical_path(steps, {name: list(ids) for name, ids in below.items()})]


def test_it_is_the_way_that_takes_longest() -> None:
    steps = [step("a", 1), step("b", 5), step("c", 1), step("d", 1)]

    assert path(steps, c="a", d="bc") == ["b", "d"]


def test_without_times_it_is_the_one_with_most_steps() -> None:
    assert path([step("a"), step("b"), step("c"), step("d")], c="b", d="ac") == ["b", "c", "d"]


def test_what_would_not_run_is_no_part_of_it() -> None:
    assert path([step("b", 1)], b="a") == ["b"]


def test_where_nothing_would_run_there_is_none() -> None:
    assert path([]) == []


def test_it_may_end_before_the_target() -> None:
    assert path([step("tests", 9), step("a", 1), step("b", 1)], b="a") == ["tests"]


def test_a_report_counts_a_step_of_two_stages_once() -> None:
    one, two = (StepOutlook("1", 2, "RUN a", Doing.RUN), StepOutlook("2", 3, "RUN b", Doing.CACHED))
    stages = [
        StageOutlook(title, 1, Role.NEEDED, "scratch", "", (), (), (), steps)
        for title, steps in (("a", (one, two)), ("b", (one,)))
    ]
    report = OutlookReport(("b",), tuple(stages), (), (), (step("1", 2.5), step("3")))

    assert (report.count(Doing.RUN), report.count(Doing.RUN, Doing.CACHED), report.count(Doing.OPEN)) == (1, 2, 0)
    assert (report.seconds, report.untimed) == (2.5, 1)
