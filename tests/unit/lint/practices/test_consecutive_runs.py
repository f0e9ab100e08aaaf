"""`ConsecutiveRuns`: short RUNs one below the other, each a layer of its own in the image."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found

RULE = "ConsecutiveRuns"


def test_four_in_a_row_are_found_at_the_first() -> None:
    text = "FROM x\nRUN a\nRUN b && c\n# d\nRUN d\nRUN e\nRUN f\n"

    assert [(f.span.line, f.message) for f in findings(RULE, text)] == [(2, "5 short RUNs in a row make 5 layers")]


@pytest.mark.parametrize(
    "text",
    [
        "RUN a\nRUN b\nRUN c",
        "RUN a\nRUN b\nENV x=y\nRUN c\nRUN d",
        "RUN a\nRUN b && c && d\nRUN e\nRUN f\nRUN g",
        "RUN a\nRUN --network=none b\nRUN c\nRUN d",
    ],
)
def test_few_long_and_different_ones_are_fine(text: str) -> None:
    assert lines_found(RULE, f"FROM x\n{text}\n") == []


def test_a_build_stage_may_have_many() -> None:
    assert lines_found(RULE, "FROM x AS a\nRUN b\nRUN c\nRUN d\nRUN e\nFROM y\nCOPY --from=a /b /b\n") == []
