"""`UnusedStage`: a stage that nothing reads and nobody can ask for by name."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found

RULE = "UnusedStage"


def test_a_stage_that_nothing_uses_is_found() -> None:
    text = "FROM a\nFROM b AS c\nFROM d\nFROM e\nCOPY --from=0 / /\n"

    assert [(f.span.line, f.message.partition(":")[0]) for f in findings(RULE, text)] == [(3, "stage 2 is in no image")]


@pytest.mark.parametrize("text", ["FROM a", "FROM a AS b\nFROM c", "FROM a\nFROM b\nRUN --mount=from=0 c"])
def test_named_ones_and_those_that_are_read_are_fine(text: str) -> None:
    assert lines_found(RULE, text + "\n") == []
