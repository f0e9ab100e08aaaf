"""`AptInsteadOfAptGet`: `apt`, which is made for people and changes its words, in a script."""

from __future__ import annotations

from fakes.linting import findings, lines_found, mended, unsafely_mended

RULE = "AptInsteadOfAptGet"


def test_apt_is_found_and_the_others_are_not() -> None:
    text = "FROM x\nRUN apt update && apt-get install -y a\nRUN apt-cache policy a; echo apt\nRUN apt list a\n"

    assert lines_found(RULE, text) == [2, 4]
    assert [found.hint for found in findings(RULE, text)] == ["write apt-get", "write apt-cache"]


def test_what_does_the_same_is_mended() -> None:
    assert mended(RULE, "FROM x\nRUN apt update\n") == "FROM x\nRUN apt-get update\n"


def test_an_install_is_mended_only_where_it_is_wanted() -> None:
    assert unsafely_mended(RULE, "FROM x\nRUN apt install -y a\n") == "FROM x\nRUN apt-get install -y a\n"
    assert [found.fix and found.fix.safe for found in findings(RULE, "FROM x\nRUN apt install a\n")] == [False]
    assert [found.fix for found in findings(RULE, "FROM x\nRUN apt show a\n")] == [None]
