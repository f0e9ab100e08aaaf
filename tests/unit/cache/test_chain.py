"""Caches that are asked one after the other."""

from __future__ import annotations

import pytest

from contracts.cache import FIRST, SECOND, CacheContract, key_of, save
from fakes.cache import MemoryCache
from stagemill.cache.chain import Chain
from stagemill.digest import Digest
from stagemill.graph.vertex import Vertex
from stagemill.solve.keys import CacheKey
from stagemill.solve.protocols import Hit


class Forgetful(MemoryCache[str]):
    """Keeps nothing of what is saved."""

    def save(self, vertex: Vertex, *, definition: Digest, canonical: CacheKey, result: str) -> None:
        self.saved.append(vertex.label.name)


@pytest.fixture
def results() -> tuple[str, str]:
    return "one", "two"


class TestChain(CacheContract[str]):
    @pytest.fixture
    def cache(self) -> Chain[str]:
        return Chain(MemoryCache[str](), [MemoryCache[str]()])


class TestChainOverOneThatKeepsNothing(CacheContract[str]):
    @pytest.fixture
    def cache(self) -> Chain[str]:
        return Chain(Forgetful(), [])


def filled(result: str) -> MemoryCache[str]:
    cache = MemoryCache[str]()
    save(cache, FIRST, key=key_of(FIRST), result=result)
    return cache


def test_the_first_that_has_it_answers() -> None:
    second = filled("second")
    chain = Chain(filled("first"), [second])

    assert chain.load(FIRST.digest) == Hit("first", key_of(FIRST).digest)
    assert second.asked == []
    assert chain.borrowed == {}


def test_what_others_answered_is_known() -> None:
    key = key_of(FIRST).digest
    chain = Chain(MemoryCache[str](), [MemoryCache[str](), filled("second"), filled("third")])

    assert chain.load(FIRST.digest) == Hit("second", key)
    assert chain.load(SECOND.digest) is None
    assert chain.borrowed == {FIRST.digest: key}


def test_what_is_saved_goes_to_the_first() -> None:
    first, other = MemoryCache[str](), MemoryCache[str]()

    save(Chain(first, [other]), FIRST, key=key_of(FIRST), result="one")

    assert (first.saved, other.saved) == (["first"], [])


class Late(MemoryCache[str]):
    """Keeps what is saved only from some time on."""

    ready = False

    def save(self, vertex: Vertex, *, definition: Digest, canonical: CacheKey, result: str) -> None:
        if self.ready:
            super().save(vertex, definition=definition, canonical=canonical, result=result)


def test_what_the_first_did_not_keep_it_is_given_once_more() -> None:
    first = Late()
    chain = Chain(first, [])
    save(chain, FIRST, key=key_of(FIRST), result="one")
    assert first.load(FIRST.digest) is None

    first.ready = True
    chain.settle()

    assert first.load(FIRST.digest) == Hit("one", key_of(FIRST).digest)
    assert first.load(key_of(FIRST).digest) == Hit("one", key_of(FIRST).digest)


def test_what_the_first_keeps_again_is_not_kept_twice() -> None:
    first = MemoryCache[str]()
    chain = Chain(first, [])
    save(chain, FIRST, key=key_of(FIRST), result="one")

    first.forget(FIRST.digest)

    assert chain.load(FIRST.digest) is None
