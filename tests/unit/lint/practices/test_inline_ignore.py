"""`InlineIgnore`: a comment that keeps a rule from speaking."""

from __future__ import annotations

import pytest

from fakes.linting import lines_found

RULE = "InlineIgnore"


@pytest.mark.parametrize("comment", ["# hadolint ignore=DL3004", "# check=skip=SudoUsed"])
def test_a_comment_that_leaves_out_a_rule_is_found(comment: str) -> None:
    assert lines_found(RULE, f"# check=experimental=all\nFROM x\n{comment}\nRUN sudo a\n") == [4]


def test_other_comments_are_fine() -> None:
    assert lines_found(RULE, "# check=experimental=all;skip=RootUser\nFROM x\n# a comment\nRUN sudo a\n") == []
