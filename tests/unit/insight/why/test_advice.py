"""What would have saved time, all of it."""

from __future__ import annotations

from dataclasses import replace

from fakes.advised import VARIABLE, advised, ran
from stagemill.insight.why.advising.saving import duration


def test_what_saves_most_comes_first_and_what_cannot_be_read_has_no_advice() -> None:
    source = "FROM x AS app\nARG V\nRUN a\nARG W\nRUN b\n"
    steps = ran(3, "RUN a", VARIABLE, seconds=1), ran(5, "RUN b", replace(VARIABLE, name="W"), seconds=9, on=[])

    assert [text[:5] for text in advised(source, *steps)] == ["ARG W", "ARG V"]
    assert advised("NOTHING\n", ran(3, "RUN a", VARIABLE)) == []


def test_times_are_as_exact_as_they_matter() -> None:
    assert [duration(seconds) for seconds in (0.04, 9.94, 9.96)] == ["0.0 s", "9.9 s", "10 s"]
