"""The page that is written from figures: seconds, ratios, and whether the aims are met."""

from __future__ import annotations

from pathlib import Path

import pytest

import aims
from fakes.figures import run_of, timed, yards
from page import BEGIN, END, PAGE, placed, rendered
from results import Note
from workload import ALL

BOTH = ("stagemill", "buildkit")


def cells(text: str, row: str) -> list[list[str]]:
    """The lines of all tables that begin with a row's name, cell by cell."""
    lines = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if "|" in line]
    return [line for line in lines if line[0] == row]


def test_every_scenario_of_every_row_has_an_aim() -> None:
    assert set(aims.ALL) == {(row.name, scenario) for row in ALL.values() for scenario in row.scenarios}


def test_the_ratio_to_buildkit_is_of_the_same_run_and_stands_beside_its_aim() -> None:
    results = run_of(timed("stagemill", [1, 2, 3]), timed("buildkit", [2, 2, 2]), builders=BOTH)

    text = rendered(results)

    assert text.startswith("3 rounds: cores 2, kernel 6.18")
    assert cells(text, "hello")[0] == [
        "hello", "cold", "2.00 (1.00-3.00)", "2.00 (2.00-2.00)", "1.00 (0.50-1.50)", "0.8", "**no**",
    ]  # fmt: skip
    assert "†" not in text


def test_without_buildkit_its_known_seconds_stand_in_and_that_is_said() -> None:
    text = rendered(run_of(timed("stagemill", [0.12]), builders=("stagemill",)))

    assert text.startswith("1 round: ")
    assert cells(text, "hello") == [["hello", "cold", "0.12", "0.50 †", "0.8", "yes"]]
    assert "† No BuildKit was on PATH" in text


def test_the_aims_for_all_rows_together_are_judged() -> None:
    results = run_of(
        timed("stagemill", [1]),
        timed("buildkit", [10]),
        timed("stagemill", [3], scenario="warm"),
        timed("buildkit", [2], scenario="warm"),
        builders=BOTH,
    )

    text = rendered(results)

    assert "- Geometric mean of the ratios to BuildKit: 0.39; the aim is 0.4, met." in text
    assert "- Above 1: hello warm (1.50); the aim is none, **not met**." in text
    assert "- Most memory over BuildKit's: 1.00, hello warm; the aim is 1, met." in text
    assert "- Most bytes over BuildKit's: 1.00, hello warm; the aim is 1.1, met." in text


def test_other_builders_yardsticks_and_what_is_missing_follow() -> None:
    results = run_of(
        timed("stagemill", [1]),
        timed("buildah", [4]),
        yards("tar|gzip", [2]),
        [Note("deep", "buildah", "it failed")],
        builders=("stagemill", "buildah"),
    )

    text = rendered(results)

    assert cells(text, "hello")[1] == ["hello", "cold", "0.25", "0.25", "1.00", "1.00"]
    assert cells(text, "hello")[2] == ["hello", "cold", "0.50"]
    assert "/ `tar\\|gzip`" in text
    assert text.endswith("No figures of buildah for deep: it failed")


def test_what_lies_between_the_marks_is_replaced_and_nothing_else() -> None:
    page = f"# Title\n\n{BEGIN}\nold\n{END}\n\nmore\n"

    once = placed(page, "new")

    assert once == f"# Title\n\n{BEGIN}\n\nnew\n\n{END}\n\nmore\n"
    assert placed(once, "new") == once


@pytest.mark.parametrize("page", ["", f"{BEGIN}\n", f"{END}\n"])
def test_a_page_without_marks_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="it lacks <!--"):
        placed(page, "new")


def test_the_projects_page_has_the_marks(tmp_path: Path) -> None:
    page = PAGE.read_text()

    assert placed(page, "new") != page
