"""`CdInsteadOfWorkdir`: a RUN that begins with cd to an absolute path, where WORKDIR would say it."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found

RULE = "CdInsteadOfWorkdir"


def test_a_step_that_works_elsewhere_is_found() -> None:
    assert lines_found(RULE, "FROM x\nRUN cd /a && make && make install\nRUN cd b\n") == [2, 3]
    assert findings(RULE, "FROM x\nRUN cd b\n")[0].message.startswith("a cd of its own moves nothing")


@pytest.mark.parametrize(
    "run",
    [
        "a && cd /b && c",
        "cd /a && b && cd /c && d",
        "cd a && b",
        "(cd /a && b) && cd /c",
        "pushd /a && b",
        "cd /tmp/x && a",
        "cd",
    ],
)
def test_steps_that_move_about_are_fine(run: str) -> None:
    assert lines_found(RULE, f"FROM x\nRUN {run}\n") == []
