"""`PointlessCommand`: a command of a running machine, which does nothing lasting in a build."""

from __future__ import annotations

import pytest

from fakes.linting import lines_found

RULE = "PointlessCommand"


@pytest.mark.parametrize("run", ["top", "free -m", "vim /etc/x", "ssh host a", "shutdown now", "systemctl restart a"])
def test_a_pointless_command_is_found(run: str) -> None:
    assert lines_found(RULE, f"FROM x\nRUN a && {run}\n") == [2]


@pytest.mark.parametrize(
    "run",
    [
        "service mysql start && b",
        "kill 1",
        "systemctl enable a",
        "apt-get install vim ssh",
        "vim -es -c PlugInstall",
        "ssh -V",
        "ssh-keyscan a",
    ],
)
def test_what_has_its_use_in_a_step_is_fine(run: str) -> None:
    assert lines_found(RULE, f"FROM x\nRUN {run}\n") == []
