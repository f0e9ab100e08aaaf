"""`ContextNotIgnored`: a COPY of the whole context takes directories along that no image needs."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found
from fakes.tree import MemoryTree

RULE = "ContextNotIgnored"


PROJECT = MemoryTree({".git/config": "", "node_modules/a": "", "src/a": ""})


def test_what_no_image_needs_is_found() -> None:
    (found,) = findings(RULE, "FROM x\nCOPY . /app\n", context=PROJECT)

    assert found.message == "this takes .git along: all versions of the project; and node_modules"


@pytest.mark.parametrize(
    "line", ["COPY src /app", "COPY --from=y . /app", "COPY --exclude=.git --exclude=node_modules . /app"]
)
def test_other_copies_are_fine(line: str) -> None:
    assert lines_found(RULE, f"FROM x\n{line}\n", context=PROJECT) == []


def test_a_clean_context_and_an_unknown_one_are_fine() -> None:
    assert lines_found(RULE, "FROM x\nCOPY . /app\n", context=MemoryTree({"src/a": ""})) == []
    assert lines_found(RULE, "FROM x\nCOPY . /app\n") == []
