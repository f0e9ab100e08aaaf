"""`stagemill du`: what the store takes, and what for."""

from __future__ import annotations

import os

import pytest

from fakes.program import Call
from fakes.room import on_disk, rows

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]


def test_every_step_is_in_it_and_the_total_is_the_disks(app: Call) -> None:
    found = rows(app)

    assert {"step", "image", "other"} <= {row["type"] for row in found}
    assert {"[1/3] COPY one /a", "[2/3] COPY one /b"} <= {row["name"] for row in found}
    # The database has a log and an index of it as long as du itself has it open.
    assert abs(sum(int(str(row["size"])) for row in found) - on_disk()) < 100_000


def test_people_get_a_table(app: Call) -> None:
    said = app("du")

    assert said.out.splitlines()[0].split() == ["TYPE", "SIZE", "SHARED", "LAST", "USED", "NAME"]
    assert "COPY one /a" in said.out
    assert said.out.rstrip().endswith("in total")
