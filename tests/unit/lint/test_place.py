"""Where lines can be put into a Dockerfile."""

from __future__ import annotations

import pytest

from stagemill.dockerfile.parser import parse
from stagemill.dockerfile.source import Span
from stagemill.lint.place import above, below, first_line, lines, offsets


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("FROM a\nRUN x\n\n# of b\n# too\nFROM b\n", 4),
        ("FROM a\nRUN x\n# of a\n\nFROM b\n", 5),
        ("FROM a\nRUN x\nFROM b\n", 3),
        ("FROM a\nRUN x \\\n  y\n  # c\n\nFROM b\n", 6),
        ("FROM a\nRUN <<E\nx\nE\nFROM b\n", 5),
    ],
)
def test_above_is_above_the_comments_of_an_instruction(text: str, line: int) -> None:
    dockerfile = parse(text)

    assert above(dockerfile, dockerfile.instructions[-1]) == Span(line, 1, line, 1)


def test_above_stays_below_directives() -> None:
    dockerfile = parse("# escape=`\n# about\nFROM a\n")

    assert above(dockerfile, dockerfile.instructions[0]).line == 3


@pytest.mark.parametrize(
    ("text", "line"),
    [("FROM a\nRUN x\n", 2), ("FROM a \\\n\n# c\n\n  AS b\nRUN x\n", 6), ("\n# c\nFROM a\n", 4), ("FROM a", 1)],
)
def test_below_is_the_line_after_all_of_an_instruction(text: str, line: int) -> None:
    dockerfile = parse(text)

    assert below(dockerfile, dockerfile.instructions[0]).line == line


def test_the_first_line_counts_what_is_above() -> None:
    dockerfile = parse("# c\n\nFROM a\n# d\nRUN <<E\nx\nE\nRUN y\n")

    assert [first_line(dockerfile, node) for node in dockerfile.instructions] == [3, 5, 8]


def test_new_lines_end_like_those_of_the_file() -> None:
    assert lines(parse("FROM a\r\nRUN x\r\n"), "RUN y", "RUN z\n") == "RUN y\r\nRUN z\r\n"
    assert lines(parse("FROM a"), "RUN y") == "RUN y\n"


def test_offsets_do_not_count_the_byte_order_mark_as_a_column() -> None:
    assert offsets("\ufeffab\ncd", Span(1, 2, 2, 2)) == (2, 5)
    assert offsets("ab", Span(9, 1, 9, 1)) == (2, 2)
