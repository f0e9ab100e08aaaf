"""What `--debug` says before a build begins."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stagemill import __version__
from stagemill.cli.frame.environment import workplace
from stagemill.cli.making.circumstances import circumstances

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user would get a namespace for good")


def test_each_fact_has_a_line(folder: Path) -> None:
    with workplace() as place:
        lines = circumstances(place).splitlines()

    facts = dict(line.removeprefix("debug: ").split(": ", 1) for line in lines)
    assert all(line.startswith("debug: ") for line in lines)
    assert list(facts) == ["stagemill", "store", "config", "user", "processors", "control groups"]
    assert facts["stagemill"].startswith(f"{__version__}, Python 3.")
    assert facts["store"] == str(folder.parent / "store")
    assert facts["config"] == str(folder.parent / "config.toml")
    assert facts["processors"] == str(len(os.sched_getaffinity(0)))
