"""Comments that tell hadolint what to leave alone."""

from __future__ import annotations

import pytest

from fakes.linting import lines_found, lint_file
from stagemill.dockerfile.parser import parse
from stagemill.lint import pragmas

SUDO = "SudoUsed"


@pytest.mark.parametrize(
    ("comments", "expected"),
    [
        (["hadolint ignore=DL3004,DL3008"], {"DL3004", "DL3008"}),
        (["hadolint   ignore = DL3004 , SC2086 # because"], {"DL3004", "SC2086"}),
        (["why", "Hadolint ignore=SudoUsed"], {"SudoUsed"}),
        (["shellcheck disable=SC2086,SC2046"], {"SC2086", "SC2046"}),
        (["hadolint global ignore=DL3004", "no hadolint ignore=DL3004"], set()),
    ],
)
def test_a_comment_above_an_instruction_names_rules(comments: list[str], expected: set[str]) -> None:
    assert pragmas.above(comments) == expected


def test_one_for_the_file_may_stand_anywhere() -> None:
    text = "# hadolint global ignore=DL3004\nFROM x\n# hadolint   global ignore=A,B\nRUN a\n# hadolint global ignore=C"

    assert pragmas.everywhere(parse(text)) == {"DL3004", "A", "B", "C"}


def test_one_for_a_stage_counts_until_the_next() -> None:
    text = "FROM x\nRUN sudo a\nFROM y AS z\n# hadolint stage ignore=DL3004\nRUN sudo b\nFROM z\nRUN sudo c\n"

    assert pragmas.of_stages(parse(text)) == [(1, frozenset()), (3, frozenset({"DL3004"})), (6, frozenset())]
    assert lines_found(SUDO, text) == [2, 7]


@pytest.mark.parametrize(
    ("comment", "lines"),
    [
        ("# hadolint ignore=DL3004", [5]),
        ("# hadolint ignore=SudoUsed", [5]),
        ("# hadolint global ignore=DL3004", []),
        ("# check=skip=SudoUsed", [5]),
        ("# check=skip=DL3004", [5]),
        ("# check=skip=sudo-used", [5]),
        ("# hadolint ignore=DL3008", [3, 5]),
    ],
)
def test_either_spelling_leaves_a_rule_out_where_it_says(comment: str, lines: list[int]) -> None:
    assert lines_found(SUDO, f"FROM x\n{comment}\nRUN sudo a\n\nRUN sudo b\n") == lines


def test_a_shell_is_named_for_the_run_below() -> None:
    file = lint_file("FROM x\n# hadolint shell=/bin/bash\nRUN a\nRUN b\n")

    assert [pragmas.shell(step.node.leading) for step in file.stages[0].steps] == ["/bin/bash", None]
