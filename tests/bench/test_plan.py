"""The row of files that are only parsed and planned; and that planning takes more as a file grows, but no more than that."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import pytest

from fakes.images import FakeImages
from fakes.tree import MemoryTree
from plan import LINES, dockerfile
from stagemill.dockerfile.parser import parse
from stagemill.oci.config import RunConfig
from stagemill.oci.platform import Platform
from stagemill.plan.planner import Plan, plan
from stagemill.plan.request import FileContext, Request

if TYPE_CHECKING:
    from _typeshed import TraceFunction

REPOSITORY = Path(__file__).parents[2]


def chains(stages: int) -> str:
    return dockerfile(stages)


def one_chain(stages: int) -> str:
    """Every stage begins from the one above it."""
    return re.sub("FROM .* AS stage([1-9]+.*)", lambda m: f"FROM stage{int(m[1]) - 1} AS stage{m[1]}", chains(stages))


def one_star(stages: int) -> str:
    """Every stage begins from the first, and copies from it."""
    text = re.sub("FROM .* AS stage([1-9]+.*)", r"FROM stage0 AS stage\1", chains(stages))
    return re.sub("--from=stage[0-9]+", "--from=stage0", text)


def no_chain(stages: int) -> str:
    """Every stage begins from an image of its own."""
    return re.sub("FROM .* AS stage(.*)", r"FROM image\1 AS stage\1", chains(stages))


def planned(text: str) -> Plan:
    context = FileContext(MemoryTree({"package.json": "{}", "index.js": ""}))
    request = Request(platform=Platform.local(), context=context, all_stages=True)
    images = FakeImages(**{name: RunConfig() for name in re.findall("FROM (image[0-9]+|node:22)", text)})
    return plan(parse(text), request, images)


def steps(text: str) -> int:
    """How many lines of code parsing and planning a file goes over, turns of loops included: the same whenever it is asked."""
    count = 0

    def watched(_frame: FrameType, event: str, _arg: Any) -> TraceFunction:
        nonlocal count
        count += event == "line"
        return watched

    before = sys.gettrace()
    sys.settrace(watched)
    try:
        planned(text)
    finally:
        sys.settrace(before)
    return count


def test_a_file_of_the_row_is_as_long_as_it_says_and_everything_in_it_is_planned() -> None:
    text = dockerfile(20)

    assert len(text.splitlines()) == 20 * LINES
    assert len(parse(text).instructions) == 20 * LINES
    assert [stage.name for stage in planned(text).stages] == [f"stage{index}" for index in range(20)]


@pytest.mark.parametrize("shape", [chains, one_chain, one_star, no_chain])
def test_four_times_the_stages_take_four_times_the_steps(shape: Callable[[int], str]) -> None:
    planned(shape(4))  # what is made once, such as patterns, is made here
    few, many = steps(shape(25)), steps(shape(100))

    assert many < 4.05 * few


def test_the_row_is_a_table_with_a_line_for_each_size() -> None:
    done = subprocess.run(
        [sys.executable, REPOSITORY / "bench/plan.py", "--stages", "20,40", "--rounds", "1"],
        env={"PYTHONPATH": str(REPOSITORY / "src")},
        capture_output=True,
        text=True,
        check=True,
    )

    head, *lines = done.stdout.splitlines()
    assert head.split()[:3] == ["row", "stages", "lines"]
    assert [line.split()[:3] for line in lines] == [["plan", "20", "200"], ["plan", "40", "400"]]
    assert all(float(cell) > 0 for line in lines for cell in line.split()[3:])
