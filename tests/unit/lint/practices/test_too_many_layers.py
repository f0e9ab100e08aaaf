"""`TooManyLayers`: more layers than some builders and runtimes can stack."""

from __future__ import annotations

from fakes.linting import findings, lines_found

RULE = "TooManyLayers"


def test_the_first_one_too_many_is_found() -> None:
    text = "FROM x AS a\n" + "RUN b\n" * 60 + "FROM a\n" + "COPY c d\n" * 61

    assert [f.message.partition(",")[0] for f in findings(RULE, text)] == ["this is layer 121 of 121"]
    assert lines_found(RULE, text) == [123]


def test_fewer_and_other_instructions_are_fine() -> None:
    assert lines_found(RULE, "FROM x\n" + "RUN b\n" * 120 + "ENV a=b\n" * 50) == []
