from __future__ import annotations

from collections.abc import Iterable

from fakes.cache import MemoryCache
from fakes.executor import of, step
from stagemill.digest import Digest
from stagemill.graph.vertex import Vertex
from stagemill.solve.keys import CacheKey
from stagemill.solve.survey import Survey, survey

BASE = step("base")
MIDDLE = step("middle", BASE)
TARGET = step("target", MIDDLE)


def cache_with(*vertices: Vertex) -> MemoryCache[str]:
    cache = MemoryCache[str]()
    for vertex in vertices:
        key = CacheKey(Digest.of_value(["canonical", vertex.digest]), None)
        cache.save(vertex, definition=vertex.digest, canonical=key, result=vertex.label.name)
    return cache


def look(cache: MemoryCache[str], *targets: Vertex, fresh: Iterable[Vertex] = ()) -> Survey[str]:
    return survey(targets, load=cache.load, no_cache=lambda vertex: vertex in fresh)


def found(result: Survey[str]) -> list[str]:
    return [vertex.label.name for vertex in result.found]


def needed(result: Survey[str]) -> list[str]:
    return [vertex.label.name for vertex in result.needed]


def test_in_an_empty_cache_everything_is_needed() -> None:
    result = look(MemoryCache(), TARGET)

    assert found(result) == []
    assert needed(result) == ["base", "middle", "target"]


def test_a_target_that_is_found_needs_nothing_below_it() -> None:
    result = look(cache_with(TARGET), TARGET)

    assert found(result) == ["target"]
    assert needed(result) == []


def test_what_is_below_a_hit_is_looked_up_for_people_only() -> None:
    result = look(cache_with(BASE, MIDDLE, TARGET), TARGET)

    assert found(result) == ["base", "middle", "target"]


def test_below_a_missing_record_that_nobody_needs_nothing_is_looked_up() -> None:
    cache = cache_with(BASE, TARGET)

    result = look(cache, TARGET)

    assert found(result) == ["target"]
    assert cache.asked == [TARGET.digest, MIDDLE.digest]


def test_a_miss_demands_its_inputs() -> None:
    result = look(cache_with(BASE), TARGET)

    assert found(result) == ["base"]
    assert needed(result) == ["middle", "target"]


def test_what_one_target_only_reports_another_may_need() -> None:
    other = step("other", MIDDLE)

    for targets in ([TARGET, other], [other, TARGET]):
        result = look(cache_with(TARGET), *targets)

        assert found(result) == ["target"]
        assert needed(result) == ["base", "middle", "other"]


def test_every_vertex_is_looked_up_once() -> None:
    cache = cache_with(BASE)
    diamond = step("end", step("left", BASE), step("right", BASE))

    look(cache, diamond, diamond)

    assert sorted(cache.asked) == sorted(set(cache.asked))


def test_a_fresh_vertex_is_not_looked_up() -> None:
    cache = cache_with(BASE, MIDDLE, TARGET)

    result = look(cache, TARGET, fresh=[TARGET])

    assert found(result) == ["base", "middle"]
    assert needed(result) == ["target"]
    assert TARGET.digest not in cache.asked


def test_what_stands_on_something_fresh_is_fresh() -> None:
    result = look(cache_with(BASE, MIDDLE, TARGET), TARGET, fresh=[MIDDLE])

    assert found(result) == ["base"]
    assert needed(result) == ["middle", "target"]
    assert result.fresh == {MIDDLE.digest, TARGET.digest}


def test_what_copies_from_something_fresh_is_not_found_by_definition_but_may_be_by_content() -> None:
    copy = step("copy", step("runtime"), of(MIDDLE, "x"))

    result = look(cache_with(BASE, MIDDLE, copy), copy, fresh=[MIDDLE])

    assert found(result) == ["base"]
    assert needed(result) == ["runtime", "middle", "copy"]
    assert result.fresh == {MIDDLE.digest}


def test_depth_is_free() -> None:
    vertex = BASE
    for number in range(3000):
        vertex = step(str(number), vertex)

    assert len(look(MemoryCache(), vertex).needed) == 3001


def test_above_what_is_made_again_no_definition_is_asked_and_nothing_is_fresh() -> None:
    cache = cache_with(BASE, MIDDLE, TARGET)

    result = survey([TARGET], load=cache.load, no_cache=lambda _: False, again=lambda vertex: vertex == MIDDLE)

    assert (found(result), needed(result)) == (["base"], ["middle", "target"])
    assert (result.again, result.fresh) == (frozenset([MIDDLE.digest]), frozenset())


def test_what_is_fresh_is_not_compared_as_well() -> None:
    result = survey([TARGET], load=MemoryCache[str]().load, no_cache=lambda _: True, again=lambda _: True)

    assert (result.again, len(result.fresh)) == (frozenset(), 3)


def test_what_is_waited_for_comes_before_what_waits() -> None:
    test, web = step("test"), step("web")

    result = survey([web, test], load=MemoryCache[str]().load, no_cache=lambda _: False, order={web.digest: [test]})

    assert needed(result) == ["test", "web"]
