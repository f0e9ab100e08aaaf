"""`ArgTooEarly`: an ARG above steps that do not read it, which run again whenever its value changes."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found, unsafely_mended

RULE = "ArgTooEarly"


def test_an_arg_above_steps_that_do_not_read_it_is_found() -> None:
    text = "FROM x\nARG V=1\nRUN a\nCOPY b c\nRUN d\nRUN e $V\n"

    assert [(f.span.line, f.message) for f in findings(RULE, text)] == [
        (2, "V is first read in line 6; until then 2 steps that do not read it run again when it changes")
    ]
    assert findings(RULE, text.replace("RUN d\n", ""))[0].message == (
        "V is first read in line 5; until then a step that does not read it runs again when it changes"
    )


@pytest.mark.parametrize(
    "text",
    [
        "ARG V\nRUN a $V\nRUN b", "ARG V\nENV W=$V\nRUN b", "ARG V\nRUN a", "ARG V\nCOPY a b\nRUN $V", "ARG NODE_ENV\nRUN a\nRUN $NODE_ENV",
        "ARG DEBIAN_FRONTEND=x\nRUN a\nRUN $DEBIAN_FRONTEND", "ARG V\nRUN python -c 'environ[\"V\"]'\nRUN $V",
    ],
)  # fmt: skip
def test_one_that_is_read_at_once_or_in_ways_of_its_own_is_fine(text: str) -> None:
    assert lines_found(RULE, f"FROM x\n{text}\n") == []


def test_the_fix_moves_the_line() -> None:
    text = "FROM x\nARG V\nRUN a\n# why\nRUN b $V\n"

    assert unsafely_mended(RULE, text) == "FROM x\nRUN a\nARG V\n# why\nRUN b $V\n"
