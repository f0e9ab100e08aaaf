"""The report for people."""

from __future__ import annotations

import pytest

from stagemill.cli.outlook.text import seconds, text
from stagemill.insight.outlook import Doing, OutlookReport, PathStep, Role, StageOutlook, StepOutlook

MANIFEST = f"sha256:{'0123456789abcdef' * 4}"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.04, "0.0 s"), (3.21, "3.2 s"), (9.96, "10 s"), (119.4, "119 s"), (119.6, "2 min 0 s"), (185, "3 min 5 s")],
)
def test_times_are_as_exact_as_they_matter(value: float, expected: str) -> None:
    assert seconds(value) == expected


def report(*path: PathStep) -> OutlookReport:
    steps = (
        StepOutlook("1", 2, "RUN a", Doing.ALIKE),
        StepOutlook("2", 3, f"RUN {'long ' * 20}", Doing.RUN, "V was 1, is 2", 34.4),
    )
    stage = StageOutlook("app", 1, Role.TARGET, "docker.io/library/node:22", MANIFEST, (), (), (), steps)
    return OutlookReport(("app",), (stage,), (), (), path)


def test_a_row_has_all_that_is_known_of_a_step() -> None:
    assert text(report(PathStep("2", "[2/2] RUN long", 34.4))) == (
        "STAGE / STEP                                           LINE   WOULD                      TOOK   WHY\n"
        "app                                                       1                                     target\n"
        "  FROM docker.io/library/node:22@sha256:0123456789ab\n"
        "  RUN a                                                   2   be cached (same content)\n"
        "  RUN long long long long long long long long l…          3   run                        34 s   V was 1, is 2\n"
        "\n"
        "1 step cached, 1 would run\n"
        "critical path, about 34 s by earlier runs:\n"
        "     34 s  [2/2] RUN long"
    )


def test_a_path_of_which_no_time_is_known_says_so() -> None:
    assert "critical path, none of whose steps ran here before:\n        ?  a" in text(report(PathStep("2", "a", None)))


def test_a_path_of_which_some_times_are_known_says_how_many_are_not() -> None:
    found = text(report(PathStep("1", "a", None), PathStep("2", "b", 2.0)))

    assert "critical path, about 2.0 s by earlier runs, and 1 step that never ran here:" in found
