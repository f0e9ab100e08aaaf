"""The build that a command looks at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.workshop import Workshop
from stagemill import events
from stagemill.cli.frame.command import Command
from stagemill.cli.frame.environment import Workplace
from stagemill.cli.frame.values import Values
from stagemill.cli.given.options import add_build_options
from stagemill.cli.making.building import BuildFlags
from stagemill.cli.making.single import building
from stagemill.cli.making.source import Inputs
from stagemill.dockerfile.parser import parse
from stagemill.errors import StagemillError
from stagemill.plan.request import FileContext
from stagemill.store.store import Store

COPIES = "FROM scratch AS a\nCOPY app /\nFROM scratch AS b\nCOPY --from=a /app /copied\n"


def given(*arguments: str, **environment: str) -> BuildFlags:
    context = add_build_options(Command("any")).make_context("any", [*arguments, "."])
    return BuildFlags.of(Values(context.params), environment)


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")
class TestBuilding:
    @pytest.fixture
    def workshop(self, tmp_path: Path) -> Iterator[Workshop]:
        with Store.open(tmp_path / "store") as store:
            yield Workshop(tmp_path, store)

    def steps(
        self, workshop: Workshop, flags: BuildFlags, *, text: str = COPIES, every_stage: bool = False
    ) -> tuple[list[str], list[str]]:
        """The steps that were done and those that were found, by their instructions."""
        place = Workplace(workshop.store, workshop.root / "config.toml", {})
        inputs = Inputs(parse(text), FileContext(workshop.context({"app": "binary"})))
        workshop.heard.clear()
        with building(flags, inputs, place=place, listener=workshop.heard.append, every_stage=every_stage) as built:
            self.trees = [stage for stage in built.plan.stages if stage.vertex.digest in built.results]
        started, cached = workshop.events(events.Started), workshop.events(events.Cached)
        return tuple(  # type: ignore[return-value]
            [event.name.partition("] ")[2] for event in found] for found in (started, cached)
        )

    def test_files_of_the_context_are_there(self, workshop: Workshop) -> None:
        assert self.steps(workshop, given()) == (["COPY app /", "COPY --from=a /app /copied"], [])

    def test_a_target_stops_it(self, workshop: Workshop) -> None:
        assert self.steps(workshop, given("--target", "a")) == (["COPY app /"], [])

    def test_no_cache_makes_every_step_again(self, workshop: Workshop) -> None:
        self.steps(workshop, given())

        assert self.steps(workshop, given("--no-cache")) == (["COPY app /", "COPY --from=a /app /copied"], [])

    def test_a_filter_makes_the_steps_of_some_stages_again(self, workshop: Workshop) -> None:
        self.steps(workshop, given())

        done, found = self.steps(workshop, given("--no-cache-filter", "b"))

        assert (done, found) == (["COPY --from=a /app /copied"], ["COPY app /"])

    def test_every_stage_can_be_asked_for(self, workshop: Workshop) -> None:
        self.steps(workshop, given())

        self.steps(workshop, given(), every_stage=True)

        assert [stage.title for stage in self.trees] == ["a", "b"]

    def test_an_unknown_stage_is_wrong_usage(self, workshop: Workshop) -> None:
        with pytest.raises(StagemillError, match="target stage 'c' could not be found"):
            self.steps(workshop, given("--target", "c"))

    def test_labels_reach_the_image(self, workshop: Workshop) -> None:
        place = Workplace(workshop.store, workshop.root / "config.toml", {})
        flags = replace(given(), labels={"a": "1"})
        inputs = Inputs(parse("FROM scratch\nLABEL a=0 b=2\n"), None)

        with building(flags, inputs, place=place, listener=events.ignore) as built:
            assert built.image().config.config.labels == {"a": "1", "b": "2"}
