"""`EnvSelfReference`: a variable used in the ENV that sets it, where it still has its old value."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found

RULE = "EnvSelfReference"


@pytest.mark.parametrize(
    "line",
    ["ENV A=1 B=$A", "ENV A=1 \\\n  B=x/${A}/y", "ENV A=1 B=${A:-2}", "ENV A=${A:-1} B=${A:-1}$A", "ENV A=$Z B=$A"],
)
def test_a_variable_of_the_same_line_is_found(line: str) -> None:
    assert len(findings(RULE, f"FROM x\n{line}\n")) == 1


@pytest.mark.parametrize(
    "text",
    [
        "ENV A=1\nENV B=$A",
        "ARG A\nENV A=1 B=$A",
        "ENV PATH=/x:$PATH",
        "ENV A=1 B=$AB",
        "ENV A=1 B=\\$A",
        "ENV B=$A A=1",
        'ENV A="${A:-d}" B=/x/"${A:-d}"',
        "ENV A=d B=/x/${A:-d}",
    ],
)
def test_one_that_was_set_before_is_fine(text: str) -> None:
    assert lines_found(RULE, f"FROM x\n{text}\n") == []
