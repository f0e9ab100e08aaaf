"""What it costs that builds can be explained."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from explain import SCENARIOS, WAYS, table

REPOSITORY = Path(__file__).parents[2]


def test_a_line_has_the_ratios_of_each_round_to_the_same_build_without() -> None:
    rounds = [
        {(scenario, way): seconds * factor for scenario in SCENARIOS for way, factor in zip(WAYS, (1, 1.02, 1.5), strict=True)}
        for seconds in (1.0, 2.0, 4.0)
    ]  # fmt: skip

    assert next(table("deep", rounds)) == [
        "deep", "cold", "2.000", "1.020 (1.020-1.020)", "1.500 (1.500-1.500)",
    ]  # fmt: skip


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="the figure is for root")
def test_it_gives_a_line_for_each_scenario_and_without_explaining_nothing_is_written_down(tmp_path: Path) -> None:
    ended = subprocess.run(
        [
            sys.executable, REPOSITORY / "bench/explain.py", "--rows", "hello", "--rounds", "1", "--workdir", str(tmp_path),
        ],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src")},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip

    assert ended.stderr == ""
    head, *lines = ended.stdout.splitlines()
    assert head.split() == ["row", "off", "cpu", "s", "kept/off", "told/off"]
    assert [line.split()[:2] for line in lines] == [["hello", scenario] for scenario in SCENARIOS]
    assert all(re.fullmatch(r"hello +\w+( +\d+\.\d{3}){3}", line) for line in lines)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")
@pytest.mark.parametrize(("way", "builds"), [("kept", 1), ("off", 0)])
def test_the_way_without_writes_nothing_down(way: str, builds: int, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "src"), "STAGEMILL_ROOT": str(tmp_path / "store")}

    program = [sys.executable, str(REPOSITORY / "bench/explaining.py"), way, "cold"]
    subprocess.run([*program, "build", "-q", str(tmp_path)], env=environment, check=True, capture_output=True)
    listed = subprocess.run([*program, "builds", "-q"], env=environment, check=True, capture_output=True)

    assert len(listed.stdout.split()) == builds
