"""What the linter says after a build that did something."""

from __future__ import annotations

import pytest

from stagemill import events
from stagemill.cli.source import Inputs
from stagemill.cli.warnings import Watch, warn
from stagemill.digest import Digest
from stagemill.dockerfile.parser import parse

STEP = Digest.of(b"step")


@pytest.mark.parametrize(
    ("event", "worked"),
    [
        (events.Cached(STEP, "a", 1), False),
        (events.Notice("a", 1), False),
        (events.Started(STEP, "a", 1), False),
        (events.Output(STEP, "stdout", b"", 1), True),
        (events.Finished(STEP, 1), True),
    ],
)
def test_a_watch_passes_on_what_it_hears_and_knows_whether_a_step_ran(event: events.Event, worked: bool) -> None:
    heard: list[events.Event] = []
    watch = Watch(heard.append)

    watch(event)

    assert (heard, watch.worked) == ([event], worked)


def told(text: str) -> list[events.Event]:
    heard: list[events.Event] = []
    warn(Inputs(parse(text), None), {}, listener=heard.append, now=7)
    return heard


def test_findings_are_a_line_each_and_a_way_to_more() -> None:
    (notice,) = told("FROM scratch AS a\nFROM scratch AS b\nCOPY --from=0 /x /x\n")

    assert isinstance(notice, events.Notice)
    *lines, last = notice.text.splitlines()
    assert [line.split(":")[:2] for line in lines] == [["Dockerfile", "3"]]
    assert (last, notice.at) == ("stagemill lint explains, and mends what it can prove with --fix", 7)


def test_where_there_is_nothing_to_find_nothing_is_said() -> None:
    assert told("FROM scratch\nCOPY a /\n") == []
