"""`stagemill completion`: the scripts of shells, and what they ask for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fakes.mill import SOURCE
from stagemill.cli.completion import SHELLS
from stagemill.cli.main import run


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_gets_a_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", shell]) == 0
    assert f"_STAGEMILL_COMPLETE={shell}_complete" in capsys.readouterr().out


def test_another_shell_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", "tcsh"]) == 2


@pytest.mark.parametrize(
    ("words", "expected"),
    [("stagemill im", {"images"}), ("stagemill rmi --no", {"--no-prune"}), ("stagemill image his", {"history"})],
)
def test_commands_and_flags_are_completed(words: str, expected: set[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "stagemill"],
        env={
            "PYTHONPATH": str(SOURCE),
            "_STAGEMILL_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split()) - 1),
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert {line.removeprefix("plain,") for line in done.stdout.splitlines()} == expected
