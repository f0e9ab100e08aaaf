from __future__ import annotations

import pytest

from stagemill.dockerfile import directives
from stagemill.dockerfile.parser import parse
from stagemill.dockerfile.source import Source, Span
from stagemill.dockerfile.tree import Directive
from stagemill.errors import DockerfileError


def read(text: str) -> list[tuple[str, str]]:
    return [(d.name, d.value) for d in directives.read(Source("D", text))]


def test_directives_are_read_from_the_top() -> None:
    text = "# syntax=docker/dockerfile:1\r\n#Escape = `\n  #check=skip=all\nFROM x"

    assert read(text) == [("syntax", "docker/dockerfile:1"), ("escape", "`"), ("check", "skip=all")]


def test_a_directive_has_a_place() -> None:
    found = directives.read(Source("D", "\ufeff  # escape=` \nFROM x"))

    assert found == (Directive("escape", "`", Span(1, 3, 1, 13)),)


@pytest.mark.parametrize("first", ["# a comment", "", "# unknown=1", "ARG a", "# syntax=", "#"])
def test_anything_else_ends_them(first: str) -> None:
    assert read(f"{first}\n# escape=`\nFROM x") == []


def test_a_repeated_directive_is_an_error() -> None:
    with pytest.raises(DockerfileError, match="the parser directive `escape` stands here a second time") as caught:
        parse("# escape=`\n# ESCAPE=`\nFROM x")

    assert caught.value.at is not None
    assert caught.value.at.line == 2
    assert caught.value.hint == "keep one of them"


def test_the_escape_character_is_a_backslash_or_a_backtick() -> None:
    with pytest.raises(DockerfileError, match="`x` cannot be the escape character") as caught:
        parse("# escape=x\nFROM x")

    assert caught.value.hint == "it is a backslash or a backtick: `# escape=\\` or `# escape=``"


def test_a_backtick_continues_a_line_once_it_is_the_escape_character() -> None:
    dockerfile = parse("# escape=`\nFROM x\nRUN a `\n  b\\\nRUN c")

    assert [i.original for i in dockerfile.instructions] == ["FROM x", "RUN a   b\\", "RUN c"]
    assert dockerfile.escape == "`"


def test_a_first_line_for_the_kernel_is_skipped_and_takes_escape_its_meaning() -> None:
    dockerfile = parse("#!/usr/bin/env stagemill\n# syntax=x\n# escape=`\nFROM x")

    assert [d.name for d in dockerfile.directives] == ["syntax", "escape"]
    assert dockerfile.escape == "\\"


def test_a_directive_is_no_comment_of_the_instruction_below() -> None:
    dockerfile = parse("# escape=`\n# words\nFROM x")

    assert dockerfile.instructions[0].comments == ("words",)
