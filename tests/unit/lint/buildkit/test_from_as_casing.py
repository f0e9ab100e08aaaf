"""`FromAsCasing`: AS in the case of FROM."""

from __future__ import annotations

from fakes.linting import findings, lines_found, mended

RULE = "FromAsCasing"


def test_as_in_another_case_than_from_is_found() -> None:
    found = findings(RULE, "FROM scratch as a\nfrom scratch AS b\nFROM scratch As c\n")

    assert [(f.span.line, f.span.column, f.message) for f in found] == [
        (1, 14, "'as' and 'FROM' keywords' casing do not match"),
        (2, 14, "'AS' and 'from' keywords' casing do not match"),
        (3, 14, "'As' and 'FROM' keywords' casing do not match"),
    ]


def test_the_same_case_is_fine_and_a_from_in_no_case_is_not_judged() -> None:
    assert lines_found(RULE, "FROM scratch AS a\nfrom scratch as b\nFrom scratch as c\nFROM scratch\n") == []


def test_the_fix_writes_as_like_from() -> None:
    assert mended(RULE, "FROM scratch as a\nfrom scratch  AS b\n") == "FROM scratch AS a\nfrom scratch  as b\n"


def test_a_comment_above_leaves_it_alone() -> None:
    assert lines_found(RULE, "# check=skip=FromAsCasing\n#\n# check=skip=FromAsCasing\nFROM scratch as a\n") == []
    assert lines_found(RULE, "#\n# check=skip=all\nFROM scratch as a\nFROM scratch as b\n") == [4]
