"""Every behaviour of the tables, built for real: what is right stays right, and what is pending says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.builder import Builder, CannotAskError
from conformance.page import PAGE, page
from conformance.rows import Behaviour, Group, groups
from conformance.run import problems

GROUPS = groups()
ROWS = [
    pytest.param(row, id=f"{group.peer.removesuffix('_test.go').removeprefix('dockerfile_')}-{row.covers}")
    for group in GROUPS
    for row in group.behaviours
]


@pytest.mark.root
@pytest.mark.parametrize("row", ROWS)
def test_a_behaviour_is_as_its_row_says(row: Behaviour, builder: Builder, tmp_path: Path) -> None:
    try:
        found = problems(row, builder, tmp_path)
    except CannotAskError:
        pytest.skip("this builder cannot be asked for it")

    assert "\n".join(found) == ""


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.peer)
def test_a_table_has_one_row_for_each_test_that_a_command_line_can_drive(group: Group) -> None:
    assert len({row.covers for row in group.behaviours}) == len(group.behaviours)
    assert len(group.behaviours) == group.drivable


def test_there_are_as_many_rows_as_behaviours() -> None:
    assert len(ROWS) == 272
    assert len({row.name for group in GROUPS for row in group.behaviours}) == 272


def test_the_page_is_what_report_py_makes_of_the_tables() -> None:
    actual = PAGE.read_text(encoding="utf-8")

    assert actual == page(GROUPS), "call tests/conformance/report.py"
