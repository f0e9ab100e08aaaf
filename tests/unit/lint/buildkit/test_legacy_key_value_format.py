"""`LegacyKeyValueFormat`: ENV and LABEL without `=`."""

from __future__ import annotations

from fakes.linting import findings, lines_found, mended

RULE = "LegacyKeyValueFormat"


def test_both_are_found() -> None:
    found = findings(RULE, "FROM scratch\nENV name value\nLABEL name value\n")

    assert [(f.span.line, f.message) for f in found] == [
        (2, '"ENV key=value" should be used instead of legacy "ENV key value" format'),
        (3, '"LABEL key=value" should be used instead of legacy "LABEL key value" format'),
    ]


def test_with_an_equals_sign_they_are_fine() -> None:
    assert lines_found(RULE, "FROM scratch\nENV name=value\nLABEL name=value\n") == []


def test_the_fix_keeps_the_value() -> None:
    text = "FROM scratch\nENV A b\nENV B  hello $A there\nLABEL c 1:2\n"

    assert mended(RULE, text) == 'FROM scratch\nENV A=b\nENV B="hello $A there"\nLABEL c=1:2\n'


def test_there_is_none_for_quotes_escapes_and_several_lines() -> None:
    text = "FROM scratch\nENV A 'b'\nENV A b\\ c\nENV A b \\\n c\nENV A \"b\"\n"

    assert [f.fix for f in findings(RULE, text)] == [None] * 4
