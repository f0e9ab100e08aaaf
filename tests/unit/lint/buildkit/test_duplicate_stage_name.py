"""`DuplicateStageName`: names that two stages have."""

from __future__ import annotations

from fakes.linting import findings, lines_found

RULE = "DuplicateStageName"


def test_the_later_stage_is_found_in_any_case() -> None:
    (found,) = findings(RULE, "FROM scratch AS b\nFROM scratch AS B\n")

    assert (found.span.line, found.message) == (2, 'Duplicate stage name "b", stage names should be unique')
    assert found.hint == "line 1 has a stage of that name already; give one of them another"


def test_different_names_and_none_are_fine() -> None:
    assert lines_found(RULE, "FROM scratch AS a\nFROM scratch AS b\nFROM scratch\nFROM scratch\n") == []
