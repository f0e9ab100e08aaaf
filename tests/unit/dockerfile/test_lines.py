from __future__ import annotations

import pytest

from stagemill.dockerfile.parser import parse
from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Env, Run


def originals(text: str) -> list[str]:
    return [i.original for i in parse("FROM x\n" + text).instructions[1:]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RUN a \\\n  b", ["RUN a   b"]),
        ("RUN a \\ \t\n  b", ["RUN a   b"]),
        ("RUN a\\\r\nb\r\n", ["RUN ab"]),
        ("RUN a && \\\n# gone\n  # gone too\n    b", ["RUN a &&     b"]),
        ("RUN a && \\\n\n \t\nb", ["RUN a && b"]),
        ("RUN a # \\\nRUN b", ["RUN a # RUN b"]),
        ("\\\nRUN a", ["RUN a"]),
        ("RU\\\nN a", ["RUN a"]),
        ("RUN a \\", ["RUN a"]),
        ("RUN a \\\n", ["RUN a"]),
        ("  \t RUN a  ", ["RUN a"]),
    ],
)
def test_lines_are_joined(text: str, expected: list[str]) -> None:
    assert originals(text) == expected


@pytest.mark.parametrize("end", ["\\\\", "\\\\\\", "\\ x"])
def test_two_escape_characters_are_no_continuation(end: str) -> None:
    assert originals(f"RUN a {end}\nRUN b") == [f"RUN a {end}", "RUN b"]


def test_blank_lines_inside_an_instruction_are_remembered() -> None:
    assert parse("FROM x\nRUN a \\\n\n  b\n\nRUN c").empty_continuations == (3,)


def test_only_a_line_feed_ends_a_line() -> None:
    run = parse("FROM x\nRUN a\rb\x85c\u2028d\x0be").instructions[1]

    assert isinstance(run, Run)
    assert run.command.text == "a\rb\x85c\u2028d\x0be"


def test_a_place_behind_a_continuation_is_that_of_the_file() -> None:
    env = parse("FROM x\nENV a=1 \\\n# c\n  b=2 c\\\n=3\n").instructions[1]

    assert isinstance(env, Env)
    assert [pair.span for pair in env.items] == [Span(2, 5, 2, 8), Span(4, 3, 4, 6), Span(4, 7, 5, 3)]
    assert env.span == Span(2, 1, 5, 3)


def test_comments_above_an_instruction_belong_to_it() -> None:
    text = "# one\n\n  #  two  \nFROM x\n# lost\n#\n# kept\nRUN a \\\n# inside\n b\nRUN c"

    assert [i.comments for i in parse(text).instructions] == [("one", "two"), ("kept",), ()]
