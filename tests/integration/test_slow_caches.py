"""Builds whose caches are dead or slow. What those may cost at most is said beforehand, and here next to nothing is said."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from threading import Event

import pytest

from fakes.blobs import AMD64
from fakes.connecting import Connect, of
from fakes.registry import FakeRegistry, slow, stall
from fakes.slow import Slow
from fakes.workshop import Workshop
from stagemill.cache.documents import Place, read
from stagemill.cache.imports import Imports, Opened, Source
from stagemill.cache.pump import Pace
from stagemill.cache.registry import RegistryKeep, RegistryPlace
from stagemill.cache.s3 import S3, Bucket
from stagemill.events import Notice
from stagemill.execute.exporting import Export, export
from stagemill.oci.reference import Reference
from stagemill.store.store import Store

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]

DOCKERFILE = "FROM scratch AS builder\nCOPY a /a\nCOPY b /b\nFROM scratch\nCOPY --from=builder /b /b\nCOPY a /copied\n"
FILES = {"a": "1", "b": "2"}
STEPS = 4
PATIENCE = 0.4
HANGS = 60.0
SLOW = "that would take longer than to build again"


class FromTheFirstByte(Pace):
    """The first byte is waited for, however slow the machine; what comes after it has to be fast."""

    def left(self, waited: float, size: int) -> float:
        return super().left(waited, size) if size else HANGS


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    with Store.open(tmp_path / "store") as store:
        yield Workshop(tmp_path, store)


@pytest.fixture
def connect() -> Iterator[Connect]:
    maker = Connect([])
    yield maker
    maker.close()


def built(
    workshop: Workshop, *places: Place, answers: int | None = None, pace: Pace | None = None
) -> tuple[int, int, list[str]]:
    """How many steps of a build with these caches were used, how many were carried out, and what was told.

    The build begins when the one of that number has told what it has.
    """

    def opener(place: Place) -> Callable[[], Opened]:
        def open_it() -> Opened:
            contents, size = read(place, platforms=[AMD64])
            return Opened(contents, place, size)

        return open_it

    workshop.imports = Imports(
        [Source(f"c{number}", opener(place)) for number, place in enumerate(places)],
        listener=workshop.heard.append,
        clock=workshop.clock,
        patience=PATIENCE,
        pace=pace or Pace(),
    )
    if answers is not None:
        assert workshop.imports._imports[answers].ended.wait(HANGS)
    made = workshop.build(DOCKERFILE, files=FILES)
    assert made.forms.view(made.tree(made.plan.target)).real_path("b").read_text() == "2"
    return made.used, made.ran, [event.text for event in workshop.events(Notice)]


def eventually(condition: Callable[[], object]) -> bool:
    end = time.monotonic() + HANGS
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return bool(condition())


class TestLists:
    """A source that does not even say what it has."""

    @pytest.mark.parametrize("drips", [False, True])
    def test_a_registry_and_a_bucket_are_waited_for_together(
        self, workshop: Workshop, connect: Connect, *, drips: bool
    ) -> None:
        with Slow(drips=drips) as server:
            bucket = Bucket("b", region="us-east-1", endpoint=f"http://{server.host}", access_key="k", secret_key="s")
            registry = RegistryPlace(connect(), Reference.parse(f"{server.host}/team/cache:main"))

            used, ran, told = built(workshop, registry, S3(bucket))

            assert (used, ran) == (0, STEPS)
            assert told == [f"the cache c{number} is left out: it did not answer in time" for number in range(2)]
            assert eventually(lambda: server.callers)

    def test_a_name_that_nobody_knows(self, workshop: Workshop, connect: Connect) -> None:
        place = RegistryPlace(connect(), Reference.parse("registry.invalid/team/cache"))

        used, ran, told = built(workshop, place)

        assert (used, ran) == (0, STEPS)
        (text,) = told
        reasons = (
            "cannot reach registry.invalid for registry.invalid/team/cache:latest: ",
            "it did not answer in time",
        )
        assert text.removeprefix("the cache c0 is left out: ").startswith(reasons)


class TestLayers:
    """A source that lists what it has, and does not give it."""

    @pytest.fixture
    def registry(self, tmp_path: Path, connect: Connect) -> Iterator[FakeRegistry]:
        """One that has the cache of another machine."""
        with FakeRegistry() as running, Store.open(tmp_path / "other/store") as store:
            other = Workshop(tmp_path / "other", store)
            keep = RegistryKeep(connect().destination(of(running, "team/cache:main")))
            made = other.build(DOCKERFILE, files=FILES)
            export(made.finished, Export("it", lambda: nullcontext(keep)), listener=print, clock=other.clock)
            running.requests.clear()
            yield running

    @pytest.mark.parametrize(
        ("how", "why"), [("silent", "less than 262 kB came in 0 seconds"), ("drips", "it gives 0 kB a second")]
    )
    def test_it_is_given_up_once_and_for_all_and_the_steps_are_made(
        self, workshop: Workshop, connect: Connect, registry: FakeRegistry, how: str, why: str
    ) -> None:
        over = Event()
        fault = stall(0, until=over) if how == "silent" else slow(1, seconds=0.05)
        layers = [blob for blob in registry.blobs.data if registry.blobs.data[blob].startswith(b"\x1f\x8b")]
        for blob in layers:
            registry.fail(blob, *[fault] * 9)

        place = RegistryPlace(connect(), of(registry, "team/cache:main"))
        pace = Pace(PATIENCE) if how == "silent" else FromTheFirstByte(PATIENCE)
        used, ran, told = built(workshop, place, answers=0, pace=pace)
        over.set()

        assert (used, ran) == (0, STEPS)
        (lost,) = [text for text in told if "is left out" in text]
        assert lost == f"the cache c0 is left out: {why}\nhint: {SLOW}"
        assert all(registry.paths(blob) in ([], [f"GET /v2/team/cache/blobs/{blob}"]) for blob in layers)

    def test_another_source_that_has_them_all_gives_them(
        self, workshop: Workshop, connect: Connect, registry: FakeRegistry
    ) -> None:
        with Slow(drips=False) as server:
            dead = RegistryPlace(connect(), Reference.parse(f"{server.host}/team/cache:main"))

            alive = RegistryPlace(connect(), of(registry, "team/cache:main"))
            used, ran, told = built(workshop, dead, alive, answers=1)

        assert (used, ran) == (STEPS, 0)
        assert told == ["the cache c0 is left out: it did not answer in time"]
