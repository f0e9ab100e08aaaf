"""Files and repositories on loopback, and builds that ask for them with one store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conformance.servers import Server
from fakes.asking import Builds
from fakes.web import FakeWeb
from stagemill.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store") as opened:
        yield opened


@pytest.fixture
def build(store: Store) -> Builds:
    return Builds(store)


@pytest.fixture
def web() -> Iterator[FakeWeb]:
    with FakeWeb() as running:
        yield running


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Repositories below `tmp_path / "hub"`, by git's smart protocol: where they are."""
    with Server({}, tmp_path / "hub") as server:
        yield lambda: f"{server.url}/git"
