"""The tables of a run, cell by cell."""

from __future__ import annotations

from fakes.figures import run_of, timed, yards
from report import between, columns, report
from results import Note
from spread import Spread

HEAD = [
    "row",
    "scenario",
    "builder",
    "wall s",
    "wall mill/it",
    "cpu s",
    "cpu mill/it",
    "other s",
    "RSS MB",
    "out MB",
    "layers",
]
SAME = ["0.2", "50.0", "1.5", "2"]


def cells(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in text.splitlines()]


def test_a_spread_of_one_is_a_number_and_nothing_a_dash() -> None:
    assert between(Spread(1.2345, 1, 2, 3)) == "1.23 (1.00-2.00)"
    assert between(Spread(1.2345, 1.2345, 1.2345, 1)) == "1.23"
    assert between(None) == "-"


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert columns([["a", "b", "c"], ["aaa", "1", "22"]], left=1) == "a    b   c\naaa  1  22"


def test_the_builders_stand_beside_each_other_with_the_ratio_to_the_first() -> None:
    results = run_of(timed("mill", [1, 2, 3]), timed("other", [4, 4, 4]))

    assert cells(report(results)) == [
        ["cores: 2"],
        ["kernel: 6.18"],
        [],
        HEAD,
        ["hello", "cold", "mill", "2.00 (1.00-3.00)", "1.00 (0.50-1.50)", *SAME],
        [
            "hello",
            "cold",
            "other",
            *("4.00 (4.00-4.00)", "0.50 (0.25-0.75)", "2.00 (2.00-2.00)", "0.50 (0.25-0.75)"),
            *SAME,
        ],
    ]


def test_a_builder_that_was_not_timed_in_a_case_has_no_line_there() -> None:
    results = run_of(timed("mill", [1]), timed("mill", [1], scenario="warm"), timed("other", [2]))

    assert [line[1:3] for line in cells(report(results))[4:]] == [["cold", "mill"], ["cold", "other"], ["warm", "mill"]]


def test_the_first_builder_is_measured_against_the_yardsticks_of_its_row() -> None:
    results = run_of(timed("mill", [3]), timed("mill", [1], scenario="warm"), yards("cp -a", [2]), yards("gzip", [1]))

    assert cells(report(results).rpartition("\n\n")[2]) == [
        ["row", "scenario", "mill/cp -a", "mill/gzip"],
        ["hello", "cold", "1.50", "3.00"],
        ["hello", "warm", "0.50", "1.00"],
        ["hello", "(seconds)", "2.00", "1.00"],
    ]


def test_what_is_missing_is_said_with_its_reason() -> None:
    results = run_of(timed("mill", [1]), [Note("bigfile+zstd", "mill", "zstd is not supported yet")])

    assert report(results).endswith("bigfile+zstd: no figures of mill: zstd is not supported yet")


def test_a_run_without_figures_says_why() -> None:
    results = run_of([Note("go", "mill", "broken")])

    assert cells(report(results)) == [["cores: 2"], ["kernel: 6.18"], [], ["go: no figures of mill: broken"]]
