from __future__ import annotations

import pytest

from contracts.cache import CacheContract
from fakes.cache import MemoryCache


class TestMemoryCache(CacheContract[str]):
    @pytest.fixture
    def cache(self) -> MemoryCache[str]:
        return MemoryCache()

    @pytest.fixture
    def results(self) -> tuple[str, str]:
        return ("one", "other")
