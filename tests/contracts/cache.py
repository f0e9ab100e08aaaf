"""What every `Cache` keeps. A test module derives `CacheContract` and gives two fixtures.

`cache` is an empty one; `results` are two results that are not equal, and that the cache can hold.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from fakes.executor import step
from stagemill.digest import Digest
from stagemill.graph.vertex import Vertex
from stagemill.solve.keys import CacheKey, cache_key
from stagemill.solve.protocols import Cache, Hit

T = TypeVar("T")

BASE = step("base")
FIRST, SECOND = step("first", BASE), step("second", BASE)


def key_of(vertex: Vertex, text: str = "input") -> CacheKey:
    """A canonical key of a vertex, as if its inputs had keys made of `text`."""
    return cache_key(vertex, [Digest.of(text.encode()) for _ in vertex.inputs])


def save(cache: Cache[T], vertex: Vertex, *, key: CacheKey, result: T) -> None:
    cache.save(vertex, definition=vertex.digest, canonical=key, result=result)


class CacheContract(Generic[T]):
    def test_an_empty_cache_has_nothing(self, cache: Cache[T]) -> None:
        assert cache.load(FIRST.digest) is None

    def test_what_was_saved_is_found_by_definition_and_by_canonical_key(
        self, cache: Cache[T], results: tuple[T, T]
    ) -> None:
        key = key_of(FIRST)

        save(cache, FIRST, key=key, result=results[0])

        expected = Hit(results[0], key.digest)
        assert cache.load(FIRST.digest) == expected
        assert cache.load(key.digest) == expected

    def test_a_step_without_inputs_has_one_key_for_both(self, cache: Cache[T], results: tuple[T, T]) -> None:
        key = key_of(BASE)

        save(cache, BASE, key=key, result=results[0])

        assert key.digest == BASE.digest
        assert cache.load(BASE.digest) == Hit(results[0], key.digest)

    def test_other_keys_are_not_found(self, cache: Cache[T], results: tuple[T, T]) -> None:
        save(cache, FIRST, key=key_of(FIRST), result=results[0])

        assert cache.load(SECOND.digest) is None
        assert cache.load(key_of(FIRST, "another input").digest) is None

    def test_two_definitions_may_share_a_canonical_key(self, cache: Cache[T], results: tuple[T, T]) -> None:
        key = key_of(FIRST)
        save(cache, FIRST, key=key, result=results[0])

        save(cache, SECOND, key=key, result=results[0])

        expected = Hit(results[0], key.digest)
        assert [cache.load(vertex.digest) for vertex in (FIRST, SECOND)] == [expected, expected]

    def test_saving_again_replaces(self, cache: Cache[T], results: tuple[T, T]) -> None:
        key = key_of(FIRST)
        save(cache, FIRST, key=key, result=results[0])

        save(cache, FIRST, key=key, result=results[1])

        expected = Hit(results[1], key.digest)
        assert [cache.load(each) for each in (FIRST.digest, key.digest)] == [expected, expected]

    def test_a_definition_can_move_to_another_canonical_key(self, cache: Cache[T], results: tuple[T, T]) -> None:
        before, after = key_of(FIRST, "before"), key_of(FIRST, "after")
        save(cache, FIRST, key=before, result=results[0])

        save(cache, FIRST, key=after, result=results[1])

        assert cache.load(FIRST.digest) == Hit(results[1], after.digest)
        assert cache.load(before.digest) == Hit(results[0], before.digest)

    def test_many_threads_may_use_it_at_once(self, cache: Cache[T], results: tuple[T, T]) -> None:
        vertices = [step(f"step {number}", BASE) for number in range(24)]

        def use(vertex: Vertex) -> Hit[T] | None:
            save(cache, vertex, key=key_of(vertex), result=results[0])
            return cache.load(vertex.digest)

        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(use, vertices))

        assert found == [Hit(results[0], key_of(vertex).digest) for vertex in vertices]
