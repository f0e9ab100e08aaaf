"""`CopyRelativeWithoutWorkdir`: a relative destination where no WORKDIR says what it is relative to."""

from __future__ import annotations

import pytest

from fakes.linting import base, lines_found

RULE = "CopyRelativeWithoutWorkdir"


@pytest.mark.parametrize("line", ["COPY a .", "ADD a b/", 'COPY ["a", "b"]', "COPY a ./\nWORKDIR /x"])
def test_a_relative_path_without_a_workdir_is_found(line: str) -> None:
    assert lines_found(RULE, f"FROM x\n{line}\n") == [2]


@pytest.mark.parametrize(
    "text",
    [
        "FROM x\nWORKDIR /a\nCOPY a .", "FROM x\nCOPY a /b", "FROM x\nCOPY a $B", "FROM scratch\nCOPY a .", 'FROM x\nCOPY a "/b"',
        "FROM x AS a\nWORKDIR /b\nFROM a\nCOPY a .", "FROM x\nCOPY a C:/b", "FROM x\nWORKDIR b\nCOPY a .",
    ],
)  # fmt: skip
def test_absolute_paths_and_known_directories_are_fine(text: str) -> None:
    assert lines_found(RULE, text + "\n") == []


def test_a_base_that_is_known_is_fine() -> None:
    assert lines_found(RULE, "FROM x\nCOPY a .\n", known=base()) == []
