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
    """Each waits for the other three, which they know of by a file that all roots have; it could not end without them."""
    met = tmp_path / "met"
    met.touch()

    class Meeting(Floor):
        def _root(self, number: int) -> Path:
            root = super()._root(number)
            os.link(met, root / "met")
            return root

    wait = "n=0; until test $(wc -l < /met) = 4; do n=$((n+1)); test $n -lt 600 || exit 1; sleep 0.1; done"
    sample = Meeting(tmp_path, busybox=static_busybox()).run(
        [
            f"mkdir /out && echo {n} > /out/n && echo {n} >> /met && {wait}; test $(ls /out | wc -l) = 1"
            for n in range(4)
        ],
        patience=0,
    )

    assert sorted(met.read_text().split()) == ["0", "1", "2", "3"]
    assert sample.wall > 0
    assert list(tmp_path.glob("root-*")) == []


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="chroot is for root")
def test_a_command_that_fails_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BuildError):
        Floor(tmp_path, busybox=static_busybox()).run(["false", "true"], patience=0)
