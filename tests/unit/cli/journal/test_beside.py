"""What other commands than build write down of the builds that they need."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fakes.program import Call
from stagemill.store.store import Store

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]


def test_a_build_is_written_down_where_it_runs_a_step_and_not_where_all_is_cached(
    stagemill: Call, folder: Path
) -> None:
    (folder / "one").write_text("1")
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY one /one\n")

    said = [stagemill("size", "--progress=quiet", ".") for _ in range(2)]

    assert [one.status for one in said] == [0, 0]
    with Store.open(Path(os.environ["STAGEMILL_ROOT"])) as store:
        (row,) = store.builds.latest(9)
    assert (row.result, row.ran, row.place) == ("built", 1, f"{folder}\0Dockerfile")
