"""`ArgRanSteps`: a build has shown that a variable made steps run that do not read it."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found, lint_file
from stagemill.dockerfile.parser import parse
from stagemill.lint.choice import RULES, select
from stagemill.lint.evidence import Evidence, Needless
from stagemill.lint.file import Known
from stagemill.lint.mend import mend
from stagemill.lint.rules import check

RULE = "ArgRanSteps"
TEXT = "FROM x\nARG V=1\nRUN a\nRUN b\nRUN c $V\nENV W=2\nRUN d\n"


def shown(text: str = TEXT, *, line: int = 2, steps: int = 2) -> Known:
    needless = {line: Needless(steps, 48.04)}
    return Known(evidence=(Evidence(parse(text), "build 7 of 2026-11-29", needless=needless),))


def test_what_ran_for_an_arg_is_told_with_its_build() -> None:
    (found,) = findings(RULE, TEXT, known=shown())

    assert (found.span.line, found.level) == (2, "info")
    assert found.message == "V made 2 steps that do not read it run again, which took 48.0 s, in build 7 of 2026-11-29"
    assert found.hint == "move it down, right above line 5, and they stay cached"
    assert findings(RULE, TEXT, known=shown(steps=1))[0].message.startswith(
        "V made 1 step that does not read it run again, which"
    )


def test_an_env_that_nothing_reads_is_told_without_a_fix() -> None:
    (found,) = findings(RULE, TEXT, known=shown(line=6, steps=1))

    assert (found.span.line, found.fix) == (6, None)
    assert found.hint == "move it to the end of the stage or leave it out, and they stay cached"


@pytest.mark.parametrize(
    "now",
    [
        TEXT.replace("V=1", "V=2"), TEXT.replace("RUN b", "RUN other"), TEXT.replace("RUN a\n", ""), TEXT.replace("RUN c", "RUN e"),
        TEXT.replace("FROM x", "FROM y"), TEXT.replace("RUN a", "RUN a $V"),
    ],
)  # fmt: skip
def test_it_is_silent_where_something_down_to_its_first_use_has_changed(now: str) -> None:
    assert lines_found(RULE, now, known=shown()) == []


def test_what_is_below_its_first_use_counts_for_nothing() -> None:
    assert lines_found(RULE, "# moved\n" + TEXT.replace("RUN d", "RUN other"), known=shown()) == [3]


def test_a_line_that_declares_several_is_left_alone_for_nobody_knows_which_it_was() -> None:
    text = TEXT.replace("ARG V=1", "ARG V=1 U=2")

    assert lines_found(RULE, text, known=shown(text)) == []


def test_it_speaks_in_the_place_of_arg_too_early_and_is_left_out_with_it() -> None:
    rules = [rule for rule in RULES if rule.name in {RULE, "ArgTooEarly"}]
    quiet = TEXT.replace("ARG", "# check=skip=ArgTooEarly\nARG")

    assert [found.rule for found in check(lint_file(TEXT), rules)] == ["ArgTooEarly"]
    assert [found.rule for found in check(lint_file(TEXT, known=shown()), rules)] == [RULE]
    assert check(lint_file(quiet, known=shown(quiet, line=3)), rules) == []


def test_the_fix_moves_the_line_and_then_there_is_nothing_left() -> None:
    result = mend(lint_file(TEXT, known=shown()), select(only=[RULE]), unsafe=True)

    assert result.text == "FROM x\nRUN a\nRUN b\nARG V=1\nRUN c $V\nENV W=2\nRUN d\n"
    assert result.left == ()
