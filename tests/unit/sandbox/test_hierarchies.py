"""Where the control groups are, from the two files of /proc that tell it."""

from __future__ import annotations

from pathlib import Path

import pytest

from stagemill.sandbox.hierarchies import Hierarchy, hierarchies


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    path = tmp_path / "proc"
    path.mkdir()
    return path


def tell(proc: Path, groups: str, *mounts: tuple[Path, str, str, str]) -> tuple[Hierarchy, ...]:
    (proc / "cgroup").write_text(groups)
    lines = [f"30 20 0:1 {root} {place} rw - {kind} cgroup {options}\n" for place, root, kind, options in mounts]
    (proc / "mountinfo").write_text("20 1 0:2 / / rw - ext4 /dev/sda rw\n" + "".join(lines))
    return hierarchies(proc)


def test_version_2_is_one_hierarchy_with_what_its_top_offers(proc: Path, tmp_path: Path) -> None:
    top = tmp_path / "cg"
    (top / "user/me").mkdir(parents=True)
    (top / "cgroup.controllers").write_text("cpu memory\n")

    (found,) = tell(proc, "0::/user/me\n", (top, "/", "cgroup2", "rw"))

    assert found == Hierarchy(top, top / "user/me", frozenset({"cpu", "memory"}), unified=True)
    assert found.parents() == (top / "user/me", top / "user", top)


def test_version_1_has_one_for_each_set_of_controllers(proc: Path, tmp_path: Path) -> None:
    for name in ("memory/a", "cpu,cpuacct"):
        (tmp_path / name).mkdir(parents=True)

    found = tell(
        proc,
        "4:memory:/a\n3:cpu,cpuacct:/\n1:name=systemd:/\n",
        (tmp_path / "memory", "/", "cgroup", "rw,memory"),
        (tmp_path / "cpu,cpuacct", "/", "cgroup", "rw,cpu,cpuacct"),
    )

    assert found == (
        Hierarchy(tmp_path / "memory", tmp_path / "memory/a", frozenset({"memory"}), unified=False),
        Hierarchy(tmp_path / "cpu,cpuacct", tmp_path / "cpu,cpuacct", frozenset({"cpu", "cpuacct"}), unified=False),
    )


def test_a_mount_of_a_part_shows_what_is_below_it(proc: Path, tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()

    (found,) = tell(proc, "4:memory:/docker/x/inner\n", (tmp_path, "/docker/x", "cgroup", "rw,memory"))

    assert found.own == tmp_path / "inner"


@pytest.mark.parametrize("path", ["/elsewhere", "/../outside", "/docker/xy"])
def test_a_group_that_the_mount_does_not_show_is_taken_for_its_top(proc: Path, tmp_path: Path, path: str) -> None:
    (found,) = tell(proc, f"4:memory:{path}\n", (tmp_path, "/docker/x", "cgroup", "rw,memory"))

    assert found.own == tmp_path


def test_without_proc_there_are_none(tmp_path: Path) -> None:
    assert hierarchies(tmp_path / "nothing") == ()
