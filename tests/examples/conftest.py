"""The examples, built for real: a copy of one that a test may edit, and a store that holds the bases.

The store stays in .cache/examples of the work tree, so that only the first run makes the bases; what a test wants to
see carried out it builds with `--no-cache` or after an edit with its own word in it. A store that has grown large is
begun anew. STAGEMILL_EXAMPLES_ROOT names another place.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from fakes.example import Example

REPOSITORY = Path(__file__).parents[2]
LONGEST = 900  # seconds
LARGEST = 10_000_000_000  # bytes


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test may build several times, and the first one waits for the bases."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(2 * LONGEST))


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """What stagemill is started with: the store, and the program of the interpreter that runs the tests."""
    root = Path(os.environ.get("STAGEMILL_EXAMPLES_ROOT") or REPOSITORY / ".cache" / "examples")
    root.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{root}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _bytes(root) > LARGEST:
            _remove(root)
    return {**os.environ, "STAGEMILL_ROOT": str(root), "STAGEMILL": str(Path(sys.executable).parent / "stagemill")}


def _bytes(root: Path) -> int:
    """What a folder takes on disk, each hard-linked file once."""
    sizes: dict[int, int] = {}
    for folder, _, names in os.walk(root):
        for name in names:
            with suppress(FileNotFoundError):  # somebody may be building there
                status = os.lstat(os.path.join(folder, name))
                sizes[status.st_ino] = status.st_blocks * 512
    return sum(sizes.values())


def _remove(root: Path) -> None:
    """Removes a store as stagemill itself could: an ordinary user owns only a part of its own."""
    code = "import shutil, sys; from stagemill.sandbox import userns; userns.enter(); shutil.rmtree(sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, str(root)], timeout=LONGEST, check=True)


@pytest.fixture
def example(request: pytest.FixtureRequest, tmp_path: Path, environment: dict[str, str]) -> Example:
    """The example that the test's module names in EXAMPLE, with the bases it names in BASES."""
    name, bases = request.module.EXAMPLE, request.module.BASES
    _make_bases(environment, *bases)
    folder = tmp_path / name
    shutil.copytree(REPOSITORY / "examples" / name, folder)
    return Example(folder, environment)


@pytest.fixture
def named_example(name: str, tmp_path: Path, environment: dict[str, str], all_bases: None) -> Example:
    """The example of this name, for tests of all of them."""
    folder = tmp_path / name
    shutil.copytree(REPOSITORY / "examples" / name, folder)
    return Example(folder, environment)


@pytest.fixture(scope="session")
def all_bases(environment: dict[str, str]) -> None:
    _make_bases(environment)


@pytest.fixture(scope="session")
def make_bases(environment: dict[str, str]) -> Callable[..., None]:
    """Makes bases by their names, those that are not among all of them too."""
    return partial(_make_bases, environment)


def _make_bases(environment: dict[str, str], *names: str) -> None:
    command = [str(REPOSITORY / "scripts" / "bases"), *names]
    made = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LONGEST, check=False)
    assert made.returncode == 0, made.stderr


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
