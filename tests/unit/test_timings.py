"""What is written down of measured functions, with a clock of the test."""

from __future__ import annotations

import builtins
import importlib
import sys
from pathlib import Path
from threading import Thread

import pytest

from stagemill import timings
from stagemill.timings import Total, about, measured, recording


class _Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    clock = _Clock()
    monkeypatch.setattr(timings, "time", clock)
    return clock


class TestMeasured:
    def test_what_is_inside_another_is_not_counted_twice(self, clock: _Clock) -> None:
        @measured("inner")
        def inner() -> None:
            clock.now += 2

        @measured("outer")
        def outer() -> str:
            clock.now += 1
            inner()
            inner()
            return "done"

        with recording(99.0) as found:
            assert outer() == "done"

        assert found.totals == {"inner": Total(4.0, 2), "outer": Total(1.0, 1)}
        assert list(found.totals) == ["inner", "outer"]
        assert [(span.name, span.begin, span.seconds) for span in found.spans] == [
            ("inner", 101.0, 2.0),
            ("inner", 103.0, 2.0),
            ("outer", 100.0, 5.0),
        ]

    def test_what_is_short_is_counted_and_is_no_span(self, clock: _Clock) -> None:
        @measured("hash")
        def short() -> None:
            clock.now += 0.0001

        with recording(99.0) as found:
            for _ in range(10):
                short()

        assert found.spans == []
        assert found.totals["hash"].calls == 10
        assert found.totals["hash"].seconds == pytest.approx(0.001)

    def test_a_call_says_what_it_is_about(self, clock: _Clock) -> None:
        @measured("step")
        def step(name: str) -> None:
            about(name)
            clock.now += 1

        with recording(99.0) as found:
            step("RUN make")

        assert [span.detail for span in found.spans] == ["RUN make"]

    def test_an_error_is_measured_too_and_goes_on(self, clock: _Clock) -> None:
        @measured("step")
        def fail() -> None:
            clock.now += 1
            raise KeyError("x")

        with recording(99.0) as found, pytest.raises(KeyError):
            fail()

        assert found.totals == {"step": Total(1.0, 1)}

    def test_threads_have_their_own_insides(self, clock: _Clock) -> None:
        @measured("other")
        def other() -> None:
            clock.now += 3

        @measured("main")
        def main() -> None:
            thread = Thread(target=other, name="worker")
            thread.start()
            thread.join()

        with recording(99.0) as found:
            main()

        assert found.totals == {"main": Total(3.0, 1), "other": Total(3.0, 1)}
        assert "worker" in found.threads.values()

    def test_without_a_recording_nothing_is_kept(self, clock: _Clock) -> None:
        @measured("step")
        def step() -> None:
            about("nothing")
            clock.now += 1

        step()
        with recording(99.0) as found:
            pass
        step()

        assert found.totals == {}


class TestRecording:
    def test_a_module_that_is_loaded_has_its_time(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """One that takes some milliseconds on any machine, and loads no others, any of which may take long by chance."""
        (tmp_path / "slow_to_load.py").write_text("sum(range(300_000))\n")
        monkeypatch.syspath_prepend(tmp_path)

        with recording(0.0) as found:
            importlib.import_module("slow_to_load")  # goes another way, and is not seen
            sys.modules.pop("slow_to_load")
            __import__("slow_to_load")
        sys.modules.pop("slow_to_load")

        assert found.totals["import"].calls == 1
        assert found.totals["import"].seconds >= 0.0002

    def test_afterwards_modules_are_loaded_as_ever(self) -> None:
        before = builtins.__import__

        with pytest.raises(ValueError, match="x"), recording(0.0):
            raise ValueError("x")

        assert builtins.__import__ is before
