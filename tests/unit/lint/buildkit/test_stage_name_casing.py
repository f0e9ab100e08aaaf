"""`StageNameCasing`: names of stages in lower case."""

from __future__ import annotations

from fakes.linting import findings, lines_found, mended

RULE = "StageNameCasing"


def test_a_name_with_upper_case_is_found() -> None:
    (found,) = findings(RULE, "FROM scratch AS good\nFROM scratch AS BadName\n")

    assert (found.span.line, found.message) == (2, "Stage name 'BadName' should be lowercase")


def test_names_in_lower_case_are_fine() -> None:
    assert lines_found(RULE, "FROM scratch AS a1\nFROM A1\n") == []


def test_the_fix_writes_it_in_lower_case_and_leaves_the_rest() -> None:
    text = "FROM scratch AS Build\nFROM scratch\nCOPY --from=Build / /\n"

    assert mended(RULE, text) == text.replace("AS Build", "AS build")
