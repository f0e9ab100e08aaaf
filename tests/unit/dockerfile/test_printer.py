from __future__ import annotations

from dataclasses import replace

import pytest

from stagemill.dockerfile.parser import parse
from stagemill.dockerfile.printer import render


@pytest.mark.parametrize(
    "text",
    [
        "FROM x",
        "FROM x\n",
        "\ufeffFROM x\r\nRUN a\r\n",
        "\ufeff# escape=`\n\n# c\nFROM x \t\n\n\nRUN a `\n # c\n\n  b\n  \n# end",
        "FROM x\nRUN a\rb\r\r\n\r\n",
        "FROM x\nRUN <<A <<-B\na\nA\n\tb\n\tB\n\nRUN c \\",
        "FROM x\nRUN c \\\n\n\n",
        "\\\n\\\nFROM x\n\\\n#\n  RUN a",
        "FROM x\nONBUILD RUN <<A\n\nA",
    ],
)
def test_a_tree_prints_as_it_was(text: str) -> None:
    assert render(parse(text)) == text


def test_bytes_print_as_they_were() -> None:
    data = b"\xef\xbb\xbfFROM x\nRUN \xff\xfe \xc3\xa9\n"

    assert render(parse(data)).encode("utf-8", "surrogateescape") == data


def test_a_tree_without_an_instruction_prints_without_it() -> None:
    tree = parse("FROM x\n# why\nRUN a\nRUN b\n# end\n")
    first, _, last = tree.instructions

    assert render(replace(tree, instructions=(first, last))) == "FROM x\nRUN b\n# end\n"
