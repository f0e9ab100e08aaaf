"""`ConsistentInstructionCasing`: instructions in one case."""

from __future__ import annotations

from fakes.linting import findings, lines_found, mended

RULE = "ConsistentInstructionCasing"


def test_what_differs_from_most_is_found() -> None:
    (found,) = findings(RULE, "FROM scratch\ncopy a /a\nCOPY b /b\n")

    assert found.message == "Command 'copy' should match the case of the command majority (uppercase)"
    assert (found.span.line, found.span.column, found.span.end_column) == (2, 1, 5)


def test_lower_case_is_fine_where_most_are() -> None:
    assert lines_found(RULE, "from scratch\ncopy a /a\n") == []
    assert lines_found(RULE, "from scratch\ncopy a /a\nCOPY b /b\n") == [3]


def test_upper_case_is_wanted_where_there_are_as_many_of_both() -> None:
    assert lines_found(RULE, "FROM scratch\ncopy a /a\n") == [2]


def test_mixed_case_is_always_found_and_counts_for_neither() -> None:
    assert lines_found(RULE, "From scratch\nfrom scratch\n") == [1]


def test_global_arguments_are_not_looked_at() -> None:
    assert lines_found(RULE, "arg A\narg B\nFROM scratch\n") == []


def test_the_fix_writes_them_as_most_are() -> None:
    text = "FROM scratch\n  Run a \\\n b\nonbuild run x\nUSER y\n"

    assert mended(RULE, text) == "FROM scratch\n  RUN a \\\n b\nONBUILD run x\nUSER y\n"
