"""The row of steps that do nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from stagemill.dockerfile.parser import parse
from stagemill.dockerfile.tree import Run
from steps import dockerfile

REPOSITORY = Path(__file__).parents[2]


def steps(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, REPOSITORY / "bench/steps.py", *arguments],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("writing", [False, True])
def test_a_chain_has_as_many_steps_as_it_says_and_no_two_are_equal(writing: bool) -> None:
    ((_, instructions),) = parse(dockerfile(5, writing=writing)).stages()
    commands = [each.command for each in instructions if isinstance(each, Run)]

    assert len(commands) == len(set(commands)) == 5


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="the figure is for root")
def test_it_gives_what_one_step_costs(tmp_path: Path) -> None:
    ended = steps("--steps", "3", "--rounds", "1", "--patience", "0", "--workdir", str(tmp_path))

    assert ended.stderr == ""
    head, line = ended.stdout.splitlines()
    assert head.split() == ["row", "steps", "wall", "s", "ms/step", "cpu", "ms/step"]
    assert re.fullmatch(r"steps +3 +\d+\.\d\d +-?\d+\.\d +-?\d+\.\d", line)
    assert list(tmp_path.iterdir()) == []


def test_one_step_is_no_chain() -> None:
    assert "--steps must be 2 or more" in steps("--steps", "1").stderr
