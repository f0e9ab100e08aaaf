"""`CopyManySources`: several sources and a destination that is no directory by its spelling."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found, mended

RULE = "CopyManySources"


@pytest.mark.parametrize("line", ["COPY a b c", "ADD a b /c", 'COPY ["a", "b", "c"]', "COPY a <<X b\nX"])
def test_a_destination_that_is_no_directory_is_found(line: str) -> None:
    assert lines_found(RULE, f"FROM x\n{line}\n") == [2]


@pytest.mark.parametrize(
    "line", ["COPY a b", "COPY a b c/", "COPY a b .", "COPY a b $DIR", "COPY * c", "COPY a b ./", 'COPY a b "c/"']
)
def test_directories_variables_and_single_sources_are_fine(line: str) -> None:
    assert lines_found(RULE, f"FROM x\n{line}\n") == []


def test_a_flag_behind_the_sources_is_named_and_not_mended() -> None:
    text = "FROM x\nCOPY a b --from=c\n"

    (found,) = findings(RULE, text)

    assert found.hint == "flags stand before the sources: COPY --from=c …"
    assert found.fix is None


def test_the_fix_puts_the_slash_in() -> None:
    assert mended(RULE, "FROM x\nCOPY a b \\\n  c\n") == "FROM x\nCOPY a b \\\n  c/\n"
    assert [found.fix for found in findings(RULE, 'FROM x\nCOPY ["a", "b", "c"]\n')] == [None]
