"""A registry on loopback, and clients whose pauses are written down instead of waited for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fakes.connecting import Connect
from fakes.registry import FakeRegistry


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry() as running:
        yield running


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def connect(pauses: list[float]) -> Iterator[Connect]:
    maker = Connect(pauses)
    yield maker
    maker.close()
