"""The examples, built for real: a copy of one that a test may edit, and a store that holds the bases.

The store stays in .cache/examples of the work tree, so that only the first run makes the bases; each first build of a
test passes `--no-cache`. STAGEMILL_EXAMPLES_ROOT names another place.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.example import Example

REPOSITORY = Path(__file__).parents[2]
LONGEST = 900  # seconds


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """What stagemill is started with: the store, and the program of the interpreter that runs the tests."""
    root = os.environ.get("STAGEMILL_EXAMPLES_ROOT") or str(REPOSITORY / ".cache" / "examples")
    return {**os.environ, "STAGEMILL_ROOT": root, "STAGEMILL": str(Path(sys.executable).parent / "stagemill")}


@pytest.fixture
def example(request: pytest.FixtureRequest, tmp_path: Path, environment: dict[str, str]) -> Example:
    """The example that the test's module names in EXAMPLE, with the bases it names in BASES."""
    name, bases = request.module.EXAMPLE, request.module.BASES
    command = [str(REPOSITORY / "scripts" / "bases"), *bases]
    made = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LONGEST, check=False)
    assert made.returncode == 0, made.stderr
    folder = tmp_path / name
    shutil.copytree(REPOSITORY / "examples" / name, folder)
    return Example(folder, environment)


@pytest.fixture
def https_url() -> str:
    """The package index that pip is set to: no other server can be expected to answer."""
    default = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
    index = (
        os.environ.get("PIP_INDEX_URL")
        or _told("-m", "pip", "config", "get", "global.index-url")
        or _told("-c", default)
    )
    return f"{index.rstrip('/')}/pip/"


def _told(*arguments: str) -> str:
    """What the interpreter prints; nothing where it fails."""
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=60, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
