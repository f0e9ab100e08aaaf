"""Where the time of a build goes: every instant belongs to somebody, and the parts add up to the whole."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from profiling import Profile, Span, slowest_imports, spans_of

REPOSITORY = Path(__file__).parents[2]
MAIN, ONE, TWO = 1, 2, 3


def parts(*spans: Span, whole: float) -> dict[str, float]:
    found = Profile.of(spans, whole)
    assert sum(found.parts.values()) == pytest.approx(found.whole)
    return {name: round(seconds, 6) for name, seconds in found.parts.items() if round(seconds, 6)}


def test_a_build_of_which_nothing_is_known_is_all_rest() -> None:
    assert parts(whole=2) == {"rest": 2}


def test_a_part_has_its_time_less_that_of_the_parts_inside() -> None:
    spans = (Span("rest", MAIN, 0, 10), Span("plan", MAIN, 1, 5), Span("walk", MAIN, 2, 3), Span("export", MAIN, 6, 7))

    assert parts(*spans, whole=10) == {"rest": 5, "plan": 3, "walk": 1, "export": 1}


def test_while_the_main_thread_waits_the_time_is_that_of_the_others_in_equal_shares() -> None:
    spans = (
        Span("start", MAIN, 0, 1), Span("wait", MAIN, 1, 9),
        Span("step", ONE, 2, 8), Span("run", ONE, 3, 5), Span("compress", TWO, 4, 6),
    )  # fmt: skip

    assert parts(*spans, whole=10) == {"start": 1, "wait": 2, "step": 3.5, "run": 1.5, "compress": 1, "rest": 1}


def test_while_the_main_thread_works_the_time_is_its_own() -> None:
    assert parts(Span("plan", MAIN, 0, 4), Span("compress", ONE, 1, 3), whole=4) == {"plan": 4}


def test_what_nobody_measures_in_the_main_thread_is_that_of_others_at_work() -> None:
    assert parts(Span("rest", MAIN, 0, 4), Span("push", ONE, 1, 3), whole=4) == {"push": 2, "rest": 2}


def test_spans_that_follow_each_other_at_once_are_told_apart() -> None:
    spans = (Span("plan", MAIN, 0, 4), Span("walk", MAIN, 0, 2), Span("walk", MAIN, 2, 3))

    assert parts(*spans, whole=4) == {"plan": 1, "walk": 3}


def test_a_trace_is_read_in_seconds() -> None:
    events = [
        {"ph": "M", "name": "thread_name", "pid": 1, "tid": 7, "args": {"name": "MainThread"}},
        {"ph": "X", "name": "[1/2] RUN x", "cat": "run", "ts": 1_500_000, "dur": 250_000, "pid": 1, "tid": 7},
    ]

    assert spans_of(json.dumps({"traceEvents": events})) == [Span("run", 7, 1.5, 1.75)]


def test_the_table_has_the_longest_part_first_rest_and_the_sum_last() -> None:
    table = Profile(4, {"rest": 2, "plan": 0.5, "walk": 1.5}).table({"walk": "listing the context"})

    assert [line.split("  ")[0] for line in table.splitlines()] == ["part", "walk", "plan", "rest", "all"]
    assert "37.5 %  listing the context" in table
    assert table.splitlines()[-1].split() == ["all", "4.000", "100.0", "%"]


def test_modules_are_told_by_what_they_take_themselves() -> None:
    text = """\
import time: self [us] | cumulative | imported package
import time:       100 |        100 |   zlib
import time:      2500 |       2600 | gzip
something else
"""

    assert [line.split() for line in slowest_imports(text, 1).splitlines()] == [
        ["module", "ms"],
        ["gzip", "2.50"],
        ["all", "2", "modules", "2.60"],
    ]


def test_the_command_tells_how_it_is_called() -> None:
    done = subprocess.run(
        [REPOSITORY / "bench/profile", "--help"],
        env={
            **os.environ,
            "PYTHONPATH": str(REPOSITORY / "src"),
            "PATH": f"{REPOSITORY / '.venv/bin'}:{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
        check=True,
    )

    assert "bench/profile deep" in done.stdout
