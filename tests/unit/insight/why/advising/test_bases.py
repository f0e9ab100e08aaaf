"""Base images that moved."""

from __future__ import annotations

from fakes.advised import FILES, advised, after, ran
from stagemill.insight.why.causes import Cause, Kind

MOVED = Cause(Kind.BASE, "node:22 moved from a to b", "node:22", "sha256:a", "sha256:b")
SOURCE = "FROM node:22 AS app\nRUN a\nRUN b\n"


def test_one_that_moved_is_held_by_a_lock() -> None:
    assert advised(SOURCE, ran(2, "RUN a", MOVED), ran(3, "RUN b", after(2), seconds=46)) == [
        "node:22 moved: held by stagemill lock and build --locked until you want the new one, 2 steps and 48 s stay cached"
    ]


def test_another_name_was_meant_and_what_ran_for_more_does_not_count() -> None:
    other = Cause(Kind.BASE, "the base was node:20, is node:22", "node:22", "node:20", "node:22")

    assert advised(SOURCE, ran(2, "RUN a", other)) == []
    assert advised(SOURCE, ran(2, "RUN a", FILES, MOVED), ran(3, "RUN b", after(2))) == []
