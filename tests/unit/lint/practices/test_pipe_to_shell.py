"""`PipeToShell`: a script is loaded from the web and run unseen."""

from __future__ import annotations

import pytest

from fakes.linting import lines_found

RULE = "PipeToShell"


@pytest.mark.parametrize(
    "run", ["curl x | sh", "wget -qO- x | sudo bash -s -- -y", "curl x | python3 -", "a && curl x | A=b sh"]
)
def test_a_script_that_is_run_unseen_is_found(run: str) -> None:
    assert lines_found(RULE, f"FROM x\nRUN {run}\n") == [2]


@pytest.mark.parametrize("run", ["curl x | tar x", "curl x && sh y", "cat x | sh", "curl x | gpg", "curl x || sh y"])
def test_other_pipes_are_fine(run: str) -> None:
    assert lines_found(RULE, f"FROM x\nRUN {run}\n") == []
