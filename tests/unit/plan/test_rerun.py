"""Which steps --rerun chooses."""

from __future__ import annotations

import pytest

from fakes.planning import planned
from fakes.tree import MemoryTree
from stagemill.dockerfile.parser import parse
from stagemill.errors import StagemillError
from stagemill.plan.rerun import chosen

TEXT = """\
FROM busybox AS base
RUN one && \\
    more
ENV A=1

FROM base AS other
RUN other

FROM base
COPY a /a
ONBUILD RUN later
RUN two
"""


def texts(*names: str, text: str = TEXT) -> list[str]:
    """The steps that are chosen, in the order of the plan."""
    plan = planned(text, context=MemoryTree({"a": ""}))
    digests = chosen(names, parse(text), (plan,))
    steps = [step for stage in plan.stages for step in stage.steps if step.vertex.digest in digests]
    return [step.text.split()[1] for step in steps]


def refused(*names: str, text: str = TEXT) -> tuple[str, str | None]:
    with pytest.raises(StagemillError) as caught:
        texts(*names, text=text)
    return caught.value.message, caught.value.hint


def test_nothing_is_chosen_where_nothing_is_asked() -> None:
    assert texts() == []


def test_a_stage_is_its_own_steps_but_for_those_that_always_give_the_same() -> None:
    assert texts("Base") == ["one"]
    assert texts("stage-2") == ["two"]


@pytest.mark.parametrize(("line", "expected"), [("2", "one"), ("3", "one"), ("10", "a"), ("12", "two")])
def test_a_line_is_the_step_that_stands_there_whatever_it_is(line: str, expected: str) -> None:
    assert texts(line) == [expected]


def test_several_are_added_up() -> None:
    assert texts("base", "12") == ["one", "two"]


def test_a_heredoc_belongs_to_its_step() -> None:
    text = "FROM busybox\nRUN <<E\necho one\nE\nRUN two\n"

    assert [texts(line, text=text) for line in ("3", "4", "5")] == [["<<E"], ["<<E"], ["two"]]


def test_a_trigger_is_the_step_at_its_line() -> None:
    text = "FROM busybox AS a\nONBUILD RUN trigger\nFROM a\n"

    assert texts("2", text=text) == ["RUN"]


def test_an_unknown_stage_is_answered_with_a_near_one() -> None:
    assert refused("bsae") == (
        "--rerun bsae: there is no such stage",
        "did you mean base? the stages are base, stage-2; a number is a line of the Dockerfile",
    )


def test_a_stage_that_the_target_does_not_need_is_told() -> None:
    assert refused("other") == ("--rerun other: stage-2 does not need that stage", "add --also other, or leave it out")


def test_a_line_without_a_step_is_answered_with_the_nearest() -> None:
    assert refused("4") == (
        "--rerun 4: line 4 of Dockerfile holds ENV A=1, which is no step",
        "the nearest steps are in line 2 (RUN one && more) and 10 (COPY a /a)",
    )
    assert refused("5")[0] == "--rerun 5: line 5 of Dockerfile holds no instruction"
    assert refused("999")[0] == "--rerun 999: line 999 of Dockerfile holds no instruction"


def test_a_line_of_a_stage_that_the_target_does_not_need_is_told() -> None:
    assert refused("7")[0] == "--rerun 7: line 7 of Dockerfile belongs to a stage that stage-2 does not need"


def test_a_target_without_steps_has_none_to_offer() -> None:
    assert refused("1", text="FROM busybox\n") == (
        "--rerun 1: line 1 of Dockerfile holds FROM busybox, which is no step",
        "the target has no steps of its own",
    )
