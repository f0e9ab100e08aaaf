"""The command that compares what two builders make of one Dockerfile: tests/tools/differ.py."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fakes.mill import Mill
from tools.differ import BUILDERS

pytestmark = pytest.mark.root

COMMAND = Path(__file__).parents[1] / "tools" / "differ.py"


def differ(mill: Mill, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(COMMAND), str(mill.folder), *arguments]
    return subprocess.run(command, env=mill.environment, capture_output=True, text=True, check=False)


def test_the_first_difference_is_shown(mill: Mill) -> None:
    mill.write({"Dockerfile": "FROM busybox\nARG WHO\nRUN echo $WHO > /who && mkdir -m 700 /z\nENV A=1\n"})
    other = BUILDERS["stagemill"].replace("{flags}", "{flags} --build-arg WHO=other --unsetenv A")

    done = differ(mill, "--second", other, "--", "--build-arg", "WHO=me")

    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("config.Env\n")
    assert done.stdout.endswith("and 1 more, which --all shows\n")
    done = differ(mill, "--second", other, "--without", "config.*", "--all")
    assert "/who\n" in done.stdout
    assert "1 bytes, from byte 0 on b'\\n'" in done.stdout


def test_the_same_image_is_status_0_and_a_builder_that_fails_2(mill: Mill) -> None:
    mill.write({"Dockerfile": "FROM busybox\nRUN echo 1 > /a\n"})

    assert differ(mill, "--second", "stagemill").returncode == 0
    done = differ(mill, "--second", "echo broken >&2; exit 3 #")
    assert (done.returncode, done.stdout) == (2, "")
    assert "ended with 3:\nbroken" in done.stderr
