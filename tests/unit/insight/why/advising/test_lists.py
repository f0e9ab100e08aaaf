"""Lists of packages that are older than the install."""

from __future__ import annotations

from fakes.advised import VARIABLE, advised, after, ran
from stagemill.insight.why.causes import Cause, Kind

WRITTEN = Cause(Kind.INSTRUCTION, "RUN apt-get install -y {+curl+}", line=3)
SOURCE = "FROM x AS app\nRUN apt-get update\nRUN apt-get install -y curl\n"
UPDATE = ran(2, "RUN apt-get update", VARIABLE)


def test_an_install_that_uses_lists_of_another_day_is_told_of() -> None:
    assert advised(SOURCE, ran(3, "RUN apt-get install -y curl", WRITTEN), cached=[UPDATE]) == [
        (
            "RUN apt-get install -y curl at line 3 uses the package lists of line 2, which are cached and may be old: "
            "write apt-get update && apt-get install in one RUN"
        )
    ]


def test_lists_of_the_same_build_are_new_enough() -> None:
    assert advised(SOURCE, UPDATE, ran(3, "RUN apt-get install -y curl", after(2))) == []
    both = "RUN apt-get update && apt-get install -y curl"
    assert advised(SOURCE, ran(3, both, WRITTEN), cached=[UPDATE]) == []
