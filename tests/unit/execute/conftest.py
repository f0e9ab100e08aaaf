"""What tests of execute share: a workshop with an empty store, others like it, and a place for caches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fakes.caching import MemoryKeep
from fakes.workshop import Workshop
from stagemill.store.store import Store


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    with Store.open(tmp_path / "store") as store:
        yield Workshop(tmp_path, store)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Callable[[], Workshop]]:
    """Other machines, each with an empty store."""
    stores: list[Store] = []

    def make() -> Workshop:
        place = tmp_path / f"machine-{len(stores)}"
        stores.append(Store.open(place / "store"))
        return Workshop(place, stores[-1])

    yield make
    for store in stores:
        store.close()


@pytest.fixture
def keep() -> MemoryKeep:
    return MemoryKeep()
