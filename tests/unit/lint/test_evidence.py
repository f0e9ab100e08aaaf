"""`Evidence`: what a build has shown counts for what stands in the file as it did then."""

from __future__ import annotations

import pytest

from fakes.linting import lint_file
from stagemill.dockerfile.parser import parse
from stagemill.lint.evidence import Evidence

THEN = "FROM x AS build\nRUN a\nRUN b\nRUN a\nFROM y\nCOPY --from=build /a /a\n"


def lines(now: str, then: str = THEN) -> list[tuple[int, int | None]]:
    """The steps of a file by their lines, each with the line that it had."""
    file, evidence = lint_file(now), Evidence(parse(then), "build 1")
    return [
        (step.node.span.line, old.span.line if (old := evidence.then(stage, step.node)) else None)
        for stage in file.stages
        for step in stage.steps
    ]


def test_a_step_is_found_by_its_text_wherever_it_has_moved() -> None:
    assert lines(THEN) == [(2, 2), (3, 3), (4, 4), (6, 6)]
    assert lines("# new\n" + THEN.replace("RUN b", "# why\nRUN b\n")) == [(3, 2), (5, 3), (7, 4), (9, 6)]


def test_of_several_that_are_equal_each_is_the_one_in_its_turn() -> None:
    assert lines("FROM x AS build\nRUN a\nRUN a\nRUN a\n") == [(2, 2), (3, 4), (4, None)]


@pytest.mark.parametrize(
    ("now", "found"),
    [
        ("FROM x AS build\nRUN c\n", [(2, None)]),
        ("FROM x:2 AS build\nRUN a\n", [(2, None)]),
        ("FROM x AS other\nRUN a\n", [(2, None)]),
        ("FROM x AS BUILD\nRUN a\n", [(2, 2)]),
    ],
)
def test_a_step_that_was_changed_or_begins_from_something_else_is_another(now: str, found: list[object]) -> None:
    assert lines(now) == found


def test_a_stage_without_a_name_is_the_one_at_its_place_and_may_have_been_given_one() -> None:
    assert lines("FROM x\nRUN a\nFROM y\nRUN b\n", "FROM x\nRUN a\nFROM y\nRUN b\n") == [(2, 2), (4, 4)]
    assert lines("FROM x AS one\nRUN a\n", "FROM x\nRUN a\n") == [(2, 2)]
    assert lines("FROM y\nRUN b\n", "FROM x AS one\nRUN b\nFROM y\nRUN b\n") == [(2, None)]


def test_a_stage_is_as_it_was_where_all_its_instructions_are() -> None:
    evidence = Evidence(parse(THEN), "build 1")

    def same(now: str) -> bool:
        return evidence.is_as_it_was(lint_file(now).stages[0])

    assert same("# moved\nFROM x AS build\nRUN a\n# why\nRUN b\nRUN a\n")
    assert not same("FROM x AS build\nRUN a\nRUN b\n")
    assert not same("FROM x AS build\nRUN b\nRUN a\nRUN a\n")
    assert not same("FROM z AS build\nRUN a\nRUN b\nRUN a\n")


def test_a_heredoc_is_a_part_of_its_instruction() -> None:
    then = "FROM x\nRUN <<E\na\nE\n"

    assert lines(then, then) == [(2, 2)]
    assert lines(then.replace("a\n", "b\n"), then) == [(2, None)]
