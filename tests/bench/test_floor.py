"""What the commands of `parallel` take without a builder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import workload
from floor import Floor, commands
from measure import BuildError
from steps import static_busybox


def test_the_commands_are_those_of_the_row() -> None:
    found = commands(workload.ALL["parallel"].dockerfile.read_text())

    assert len(found) == 8
    assert found[0] == "sleep 2 && mkdir /out && echo 1 > /out/1"
    assert found[7] == "mkdir /out && head -c 300000000 /dev/zero | sha256sum > /out/8"


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="chroot is for root")
def test_all_run_at_once_each_in_a_root_of_its_own(tmp_path: Path) -> None:
    floor = Floor(tmp_path, busybox=static_busybox())

    sample = floor.run(
        [f"mkdir /out && sleep 1 && test $(ls /out | wc -l) = 0 && echo {n} > /out/n" for n in range(4)], patience=0
    )

    assert 1 <= sample.wall < 4
    assert list(tmp_path.glob("root-*")) == []


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="chroot is for root")
def test_a_command_that_fails_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BuildError):
        Floor(tmp_path, busybox=static_busybox()).run(["false", "true"], patience=0)
