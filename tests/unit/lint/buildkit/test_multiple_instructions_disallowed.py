"""`MultipleInstructionsDisallowed`: instructions that a later one replaces."""

from __future__ import annotations

from fakes.linting import findings, lines_found

RULE = "MultipleInstructionsDisallowed"


def test_all_but_the_last_are_found() -> None:
    text = 'FROM scratch\nENTRYPOINT ["a"]\nCMD ["a"]\nHEALTHCHECK NONE\ncmd ["b"]\nCMD ["c"]\nENTRYPOINT ["b"]\n'

    found = findings(RULE, text)

    assert [(f.span.line, f.message.split()[1], f.hint) for f in found] == [
        (2, "ENTRYPOINT", "line 7 takes its place; remove one of them"),
        (3, "cmd", "line 5 takes its place; remove one of them"),
        (5, "CMD", "line 6 takes its place; remove one of them"),
    ]


def test_one_each_is_fine_and_so_is_one_of_another_stage() -> None:
    assert lines_found(RULE, 'FROM scratch AS a\nCMD ["a"]\nENTRYPOINT ["a"]\nFROM a\nCMD ["b"]\n') == []


def test_a_comment_above_the_later_one_leaves_both_alone() -> None:
    text = f'FROM scratch\nCMD ["a"]\n# check=skip={RULE}\nCMD ["b"]\n'

    assert lines_found(RULE, text) == []
