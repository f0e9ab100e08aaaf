"""Every behaviour of the tables, built for real: what is right stays right, and what is pending says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.builder import Builder
from conformance.rows import Behaviour, groups
from conformance.run import CannotAskError, problems

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

    assert found == []


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.peer)
def test_a_table_has_a_row_for_each_test_that_a_command_line_can_drive(group: object) -> None:
    assert group.drivable == len({row.covers for row in group.behaviours}) == len(group.behaviours)
