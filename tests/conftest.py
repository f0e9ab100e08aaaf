"""What holds for all tests: nothing is timed, and CI tries the same random cases every time it looks at a commit.

CI has all programs that tests need: there a test that is skipped for want of one fails, since scripts/install-tools forgot it.
A test that hangs fails as well, after some minutes (pyproject.toml), and shows what its threads were at: whoever ends CI from
outside learns nothing.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "stagemill", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=bool(os.environ.get("CI"))
)
settings.load_profile("stagemill")


def pytest_runtest_logstart(nodeid: str) -> None:
    """Leaves word of what runs, for whoever waits for it. With several workers each does, and what distributes them too."""
    if folder := os.environ.get("TESTS_AT"):
        (Path(folder) / (os.environ.get("PYTEST_XDIST_WORKER") or f"{os.getpid()}")).write_text(f"{nodeid}\n")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A skip that says `needs …` is a failure in CI."""
    report = yield
    reason: Any = report.longrepr
    if os.environ.get("CI") and report.skipped and isinstance(reason, tuple) and "needs " in reason[2]:
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where scripts/install-tools should have brought it: {reason[2]}"
    return report
