"""`SudoUsed`: a step calls sudo, where USER says who a step is."""

from __future__ import annotations

from fakes.linting import findings, lines_found

RULE = "SudoUsed"


def test_every_call_is_found_at_its_word() -> None:
    found = findings(RULE, "FROM x\nRUN sudo a && \\\n  FOO=1 sudo -E b; c\n")

    assert [(f.span.line, f.span.column) for f in found] == [(2, 5), (3, 9)]


def test_the_package_and_the_word_elsewhere_are_fine() -> None:
    assert lines_found(RULE, "FROM x\nRUN apt-get install sudo && echo sudo && pseudo a\n") == []
