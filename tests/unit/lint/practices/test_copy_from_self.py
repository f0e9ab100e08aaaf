"""`CopyFromSelf`: a stage copies from itself, which it cannot."""

from __future__ import annotations

from fakes.linting import lines_found

RULE = "CopyFromSelf"


def test_a_stage_that_reads_itself_is_found() -> None:
    assert lines_found(RULE, "FROM a AS X\nCOPY --from=x /a /b\nFROM b\nCOPY --from=1 /a /b\n") == [2, 4]


def test_others_and_an_earlier_one_of_its_name_are_fine() -> None:
    assert lines_found(RULE, "FROM a AS x\nFROM b AS x\nCOPY --from=x /a /b\nCOPY --from=0 /a /b\nCOPY a b\n") == []
