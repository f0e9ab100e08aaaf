"""`ReservedStageName`: stages called scratch or context."""

from __future__ import annotations

from fakes.linting import findings, lines_found

RULE = "ReservedStageName"


def test_both_names_are_found() -> None:
    found = findings(RULE, "FROM scratch AS scratch\nFROM scratch AS Context\n")

    assert [f.message for f in found] == [
        'Stage name should not use the same name as reserved stage "scratch"',
        'Stage name should not use the same name as reserved stage "context"',
    ]


def test_to_begin_from_scratch_is_fine() -> None:
    assert lines_found(RULE, "FROM scratch\nFROM scratch AS a\n") == []
