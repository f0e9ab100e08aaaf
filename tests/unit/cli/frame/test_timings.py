"""`--timings` and `--trace`: the table and the file."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

import stagemill
from stagemill.cli.frame.timings import MEANINGS, chrome, show, timed
from stagemill.errors import UsageError
from stagemill.timings import Timings


def recorded() -> Timings:
    timings = Timings(10.0)
    timings.add("start", 10.0, 10.5)
    timings.add("step", 10.5, 12.5, detail="RUN make")
    return timings


class TestShow:
    def test_the_longest_part_comes_first_with_its_share_of_the_whole(self) -> None:
        out = io.StringIO()

        show(recorded(), 14.0, out)

        head, columns, *rows = out.getvalue().strip().splitlines()
        assert head.startswith("4.000 s on ")
        assert columns.split() == ["PART", "SECONDS", "SHARE", "CALLS", "WHAT"]
        assert [row.split()[:4] for row in rows] == [["step", "2.000", "50%", "1"], ["start", "0.500", "12%", "1"]]


class TestMeanings:
    def test_every_part_that_is_measured_is_explained_and_no_other(self) -> None:
        source = Path(stagemill.__file__).parent
        names = {name for path in source.rglob("*.py") for name in re.findall(r'@measured\("(.+)"\)', path.read_text())}

        assert set(MEANINGS) == names | {"start", "import", "rest"}


class TestChrome:
    def test_spans_are_complete_events_in_microseconds_since_the_start(self) -> None:
        events = chrome(recorded())["traceEvents"]
        assert isinstance(events, list)

        assert [(each["ph"], each["name"], each.get("cat"), each.get("ts"), each.get("dur")) for each in events] == [
            ("M", "thread_name", None, None, None),
            ("X", "start", "start", 0, 500_000),
            ("X", "RUN make", "step", 500_000, 2_000_000),
        ]
        assert events[0]["args"] == {"name": "MainThread"}


class TestTimed:
    def test_nobody_asked(self, capsys: pytest.CaptureFixture[str]) -> None:
        with timed(table=False, trace=None):
            pass

        assert capsys.readouterr() == ("", "")

    def test_the_table_tells_of_a_build_that_failed_too(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(KeyError), timed(table=True, trace=None):
            raise KeyError("x")

        assert "Python, the command line" in capsys.readouterr().err

    def test_the_trace_is_a_file_of_json(self, tmp_path: Path) -> None:
        with timed(table=False, trace=str(tmp_path / "trace.json")):
            pass

        events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
        assert "start" in {event["name"] for event in events}

    def test_a_place_that_is_none_is_refused_before_the_build(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="no such directory"), timed(table=False, trace=str(tmp_path / "a" / "b")):
            pytest.fail("the build began")
