"""What the store's tests share: an open store, and a directory of somebody without privileges."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from stagemill.store.store import Store

NOBODY = 65534


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store") as opened:
        yield opened


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A directory of an ordinary user; the test runs as this user."""
    directory = Path(tempfile.mkdtemp(prefix="stagemill-test-"))
    was_root = os.geteuid() == 0
    if was_root:
        os.chown(directory, NOBODY, NOBODY)
        os.seteuid(NOBODY)
    try:
        yield directory
    finally:
        if was_root:
            os.seteuid(0)
        shutil.rmtree(directory, ignore_errors=True)
