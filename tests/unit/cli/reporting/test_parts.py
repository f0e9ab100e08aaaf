"""The parts of a report: what steps wrote and hold, what differs, what lint finds, and lanes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fakes.pasts import Drawn, build
from stagemill.cli.reporting import logs
from stagemill.cli.reporting.changes import changes
from stagemill.cli.reporting.findings import findings
from stagemill.cli.reporting.lanes import lanes
from stagemill.cli.reporting.logs import Outputs
from stagemill.cli.reporting.sizes import Sizes
from stagemill.digest import Digest
from stagemill.insight.why.past import Graph, Past, PastStep
from stagemill.store.store import Store


class TestOutputs:
    @pytest.fixture
    def step(self, past: Past) -> PastStep:
        return next(step for step in past.graph.steps.values() if step.text == "RUN make")

    def write(self, store: Store, step: PastStep, data: bytes) -> None:
        path = store.log_path(Digest(step.digest))
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)

    def test_colours_cursors_and_turned_writing_are_left_out(self, store: Store, step: PastStep) -> None:
        self.write(store, step, b"\x1b[31mred\x1b[0m\n10%\r99%\n\xe2\x80\xaeevil \xff</script>\n")

        found = Outputs(store).of(step)

        assert found is not None
        assert (found.text, found.cut) == ("red\n99%\nevil \ufffd</script>", 0)

    def test_of_a_long_one_the_end_is_there(self, store: Store, step: PastStep) -> None:
        self.write(store, step, b"a" * 100 + b"\n" + b"b\n" * (logs.MOST // 2))

        found = Outputs(store).of(step)

        assert found is not None
        assert (found.text[:4], found.cut) == ("b\nb\n", 101)

    def test_many_are_too_much_at_some_time(
        self, store: Store, step: PastStep, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(logs, "MOST_OF_ALL", 5)
        self.write(store, step, b"hello")
        outputs = Outputs(store)

        assert [found.text if found else None for found in (outputs.of(step), outputs.of(step))] == ["hello", None]

    def test_what_wrote_nothing_or_is_gone_has_none(self, store: Store, step: PastStep) -> None:
        assert Outputs(store).of(step) is None
        self.write(store, step, b"")
        assert Outputs(store).of(step) is None


def test_a_lane_is_taken_again_when_it_is_free() -> None:
    assert lanes([("a", 0.0, 2.0), ("b", 1.0, 3.0), ("c", 2.0, 4.0), ("d", 2.5, 3.0), ("e", 3.0, 3.5)]) == {
        "a": 0, "b": 1, "c": 0, "d": 2, "e": 1,
    }  # fmt: skip
    assert lanes([]) == {}
    assert lanes([("rounded up", 0.0, 1.001), ("rounded down", 1.0, 2.0)]) == {"rounded up": 0, "rounded down": 0}


class TestChanges:
    def of(self, now: Past, before: Past, store: Store) -> dict[str, Any]:
        return dict(changes(now, before, Sizes(store)))

    def test_steps_that_are_new_gone_or_written_anew_are_named(self, store: Store) -> None:
        one, two = Drawn(), Drawn()
        for drawn, texts in ((one, ("RUN a", "RUN b --old", "RUN z")), (two, ("RUN a", "RUN b --new", "COPY-LIKE x"))):
            drawn.base()
            for text in texts:
                drawn.run(text)
        before = build(1, one.graph(source="FROM x\nRUN b --old\n"))

        found = self.of(build(2, two.graph(source="FROM x\nRUN b --new\n")), before, store)

        assert [(step["change"], step["step"]) for step in found["steps"]] == [
            ("rewritten", "RUN b --new"), ("new", "COPY-LIKE x"), ("gone", "RUN z"),
        ]  # fmt: skip
        assert found["dockerfile"][:2] == ["--- build 1", "+++ build 2"]
        assert found["dockerfile"][-2:] == ["-RUN b --old", "+RUN b --new"]

    def test_what_is_the_same_is_not_told(self, past: Past, store: Store) -> None:
        found = self.of(replace(past, number=2), past, store)

        assert (found["steps"], found["dockerfile"]) == ([], [])


def test_a_dockerfile_that_nobody_can_read_has_no_findings() -> None:
    assert findings(Graph("", "Dockerfile", "FROM")) == []
    assert findings(Graph("", "Dockerfile", "")) == []
