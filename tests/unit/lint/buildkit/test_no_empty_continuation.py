"""`NoEmptyContinuation`: blank lines in an instruction."""

from __future__ import annotations

from fakes.linting import findings, lines_found, mended

RULE = "NoEmptyContinuation"


def test_a_blank_line_is_found_at_the_end_of_its_instruction() -> None:
    (found,) = findings(RULE, "FROM scratch\n# a comment\nCOPY a \\\n\n.\nCOPY b \\\n.\n")

    assert (found.span.line, found.message) == (5, "Empty continuation line")
    assert found.about == found.span


def test_a_comment_inside_of_an_instruction_is_fine() -> None:
    assert lines_found(RULE, "FROM scratch\n\nCOPY a \\\n# comment\n.\n\n") == []


def test_heredocs_may_have_blank_lines_and_count_not() -> None:
    text = "FROM scratch\nCOPY <<E \\\n\n/x\na\n\nb\nE\n"

    assert lines_found(RULE, text) == [4]


def test_the_fix_removes_all_blank_lines_of_the_instruction() -> None:
    text = "FROM scratch\nRUN a \\\n\n  b \\\n \n\n  c\n\nUSER x\n"

    assert mended(RULE, text) == "FROM scratch\nRUN a \\\n  b \\\n  c\n\nUSER x\n"
