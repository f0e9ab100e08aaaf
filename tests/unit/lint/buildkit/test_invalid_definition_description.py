"""`InvalidDefinitionDescription`: comments that describe nothing."""

from __future__ import annotations

from fakes.linting import findings, lines_found

RULE = "InvalidDefinitionDescription"

ON = "# check=experimental=InvalidDefinitionDescription\n"


def test_comments_without_the_name_are_found_where_the_file_asks_for_it() -> None:
    text = f"{ON}# bar is it\nARG foo=bar\n# BasE is it\nFROM scratch AS base\n# bad\nARG a=1 b=2\n"

    assert [(f.span.line, f.message) for f in findings(RULE, text)] == [
        (3, "Comment for ARG should follow the format: `# foo <description>`"),
        (5, "Comment for FROM should follow the format: `# base <description>`"),
        (7, "Comment for ARG should follow the format: `# <arg_key> <description>`"),
    ]


def test_comments_with_the_name_and_those_of_other_instructions_are_fine() -> None:
    text = f"{ON}# foo is it\nARG foo=bar\n# base is it\nFROM scratch AS base\n# x\n#\nARG a\n# copies\nCOPY a /\n"

    assert lines_found(RULE, text) == []


def test_nobody_asks_for_it_by_default() -> None:
    assert lines_found(RULE, "# bar is it\nARG foo=bar\nFROM scratch\n") == []


def test_all_experimental_rules_are_this_one_too() -> None:
    assert lines_found(RULE, "# check=experimental=all\n# x\nARG foo\nFROM scratch\n") == [3]
