"""The history of builds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stagemill.digest import Digest
from stagemill.store import builds
from stagemill.store.builds import BuildRow
from stagemill.store.store import Store

GRAPH = Digest.of(b"graph")
ROW = BuildRow(100.0, "/home/\udcff\0Dockerfile", "web", 2.5, "built", 3, 4, GRAPH, '{"steps":{}}')


def test_a_build_is_found_by_its_number_as_it_was_written_down(store: Store) -> None:
    number = store.builds.add(ROW)

    assert store.builds.get(number) == replace(ROW, number=number)
    assert store.builds.get(number + 1) is None


def test_one_that_was_under_way_says_how_it_ended(store: Store) -> None:
    number = store.builds.add(BuildRow(100.0, "/app", "web"))
    begun = store.builds.get(number)
    assert begun
    assert (begun.result, begun.seconds) == ("running", 0.0)

    store.builds.update(replace(ROW, place="/app", number=number))

    assert store.builds.get(number) == replace(ROW, place="/app", number=number)


def test_the_latest_come_first(store: Store) -> None:
    one, two, three = (store.builds.add(ROW) for _ in range(3))

    assert [row.number for row in store.builds.latest(2)] == [three, two]
    assert [row.number for row in store.builds.latest(9, before=three)] == [two, one]


def test_those_of_a_place_are_found_whatever_else_was_built(store: Store) -> None:
    one, _, three = (store.builds.add(replace(ROW, place=place)) for place in (ROW.place, "/other", ROW.place))

    assert [row.number for row in store.builds.of_place(ROW.place, 9, before=three + 1)] == [three, one]
    assert [row.number for row in store.builds.of_place(ROW.place, 9, before=three)] == [one]
    assert store.builds.of_place("/nowhere", 9, before=three) == []


def test_the_oldest_are_forgotten_with_what_only_they_were_of(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builds, "KEPT", 2)
    monkeypatch.setattr(builds, "_EVERY", 1)
    other = Digest.of(b"other")

    for graph, document in ((GRAPH, "old"), (other, "new"), (other, "newer")):
        store.builds.keep(graph, document)
        store.builds.add(replace(ROW, graph=graph))

    assert len(store.builds.latest(9)) == 2
    assert (store.builds.graph(GRAPH), store.builds.graph(other)) == (None, "new")
    assert (store.builds.knows(GRAPH), store.builds.knows(other)) == (False, True)


def test_a_graph_is_kept_once(store: Store) -> None:
    store.builds.keep(GRAPH, "first \udcff")
    store.builds.keep(GRAPH, "second")

    assert store.builds.graph(GRAPH) == "first \udcff"


def test_what_is_damaged_counts_as_not_there(store: Store) -> None:
    number = store.builds.add(ROW)
    store.builds.keep(GRAPH, "x")
    store.database.change("UPDATE builds SET account = x'00'")
    store.database.change("UPDATE graphs SET document = x'00'")

    assert (store.builds.get(number), store.builds.graph(GRAPH)) == (None, None)
