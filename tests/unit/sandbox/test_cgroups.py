"""Making a control group. The real ones of this machine are in tests/integration/test_limits.py."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stagemill.errors import SandboxError
from stagemill.sandbox import cgroups
from stagemill.sandbox.cgroups import Group, limited
from stagemill.sandbox.hierarchies import Hierarchy
from stagemill.sandbox.limits import Resources

ALL = frozenset({"cpu", "cpuset", "memory", "pids"})


def group(path: Path, *, passes_on: str = "", members: str = "") -> Path:
    path.mkdir(parents=True, exist_ok=True)
    (path / "cgroup.subtree_control").write_text(passes_on)
    (path / "cgroup.procs").write_text(members)
    return path


@pytest.fixture
def top(tmp_path: Path) -> Path:
    return group(tmp_path / "cg")


def unified(top: Path, own: Path) -> tuple[Hierarchy, ...]:
    return (Hierarchy(top, own, ALL, unified=True),)


def written(path: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in sorted(path.iterdir())}


def test_without_limits_there_is_no_group(top: Path) -> None:
    with limited(Resources(), unified(top, top)) as found:
        assert found == Group()


def test_limits_are_written_in_the_words_of_version_2(top: Path) -> None:
    own = group(top / "user/scope")
    group(top / "user", passes_on="cpu cpuset memory")
    wanted = Resources(
        memory=100 << 20, memory_swap=150 << 20, cpu_shares=1024, cpu_period=50000, cpu_quota=25000,
        cpuset_cpus="0-1", cpuset_mems="0",
    )  # fmt: skip

    with limited(wanted, unified(top, own)) as found:
        ((name, path),) = found.shown
        assert (name, path.parent, found.members) == ("", top / "user", (path / "cgroup.procs",))
        assert written(path) == {
            "cpu.max": "25000 50000",
            "cpu.weight": "39",
            "cpuset.cpus": "0-1",
            "cpuset.mems": "0",
            "memory.max": "104857600",
            "memory.swap.max": "52428800",
        }


@pytest.mark.parametrize(
    ("wanted", "file", "text"),
    [
        (Resources(memory=8 << 20, memory_swap=-1), "memory.swap.max", "max"),
        (Resources(cpu_quota=-1), "cpu.max", "max 100000"),
        (Resources(cpu_quota=2000), "cpu.max", "2000 100000"),
        (Resources(cpu_shares=2), "cpu.weight", "1"),
        (Resources(cpu_shares=262144), "cpu.weight", "10000"),
        (Resources(pids=64), "pids.max", "64"),
    ],
)
def test_each_has_its_form(top: Path, wanted: Resources, file: str, text: str) -> None:
    group(top, passes_on="cpu memory pids")

    with limited(wanted, unified(top, top)) as found:
        assert (found.shown[0][1] / file).read_text() == text


def test_a_parent_with_groups_of_other_builds_is_left_to_them(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroups, "_PATIENCE", 3600.0)
    hierarchy = Hierarchy(top, top, frozenset({"pids"}), unified=False)

    with limited(Resources(pids=9, parent="/a"), [hierarchy]) as found:
        (found.shown[0][1] / "pids.max").unlink()
        (top / "a/stagemill-1-1").mkdir()

    assert os.listdir(top / "a") == ["stagemill-1-1"]


@pytest.mark.parametrize("times", [1, 4, 5])
def test_a_parent_that_another_build_removes_just_now_is_made_again(
    top: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """It had made it, and ends. Who removes it again and again is an error."""
    sweep, removed = cgroups._sweep, list[Path]()

    def removing(place: Path) -> None:
        sweep(place)
        if len(removed) < times and place.exists():
            removed.append(place)
            place.rmdir()

    monkeypatch.setattr(cgroups, "_sweep", removing)
    hierarchy = Hierarchy(top, top, frozenset({"pids"}), unified=False)
    if times == 5:
        with pytest.raises(SandboxError, match="no such file"), limited(Resources(pids=9, parent="/a"), [hierarchy]):
            pass
    else:
        with limited(Resources(pids=9, parent="/a"), [hierarchy]) as found:
            assert found.shown[0][1].parent == top / "a"
            (found.shown[0][1] / "pids.max").unlink()  # which a real group does not have to lose first

    assert removed == [top / "a"] * times
    assert not (top / "a").exists()


def test_a_group_below_a_parent_has_its_controllers_all_the_way(top: Path) -> None:
    group(top / "a")
    group(top / "a/b")

    with limited(Resources(memory=8 << 20, parent="/a/b"), unified(top, top)) as found:
        assert found.shown[0][1].parent == top / "a/b"
        assert {(path / "cgroup.subtree_control").read_text() for path in (top, top / "a", top / "a/b")} == {"+memory"}


def test_a_group_that_is_only_ours_is_left_so_that_it_can_pass_on_controllers(top: Path) -> None:
    own = group(top / "scope", members=f"{os.getpid()}\n")

    with limited(Resources(memory=8 << 20), (Hierarchy(own, own, ALL, unified=True),)):
        assert (own / f"stagemill-{os.getpid()}-own/cgroup.procs").read_text() == str(os.getpid())
        assert (own / "cgroup.subtree_control").read_text() == "+memory"


def test_processors_can_be_chosen_without_a_group() -> None:
    one = min(os.sched_getaffinity(0))

    with limited(Resources(cpuset_cpus=str(one)), ()) as found:
        assert found == Group(cpus=frozenset({one}))


def test_processors_that_are_not_there_are_an_error() -> None:
    with pytest.raises(SandboxError) as caught, limited(Resources(cpuset_cpus="4000"), ()):
        pass

    assert caught.value.message == "cannot use the processors 4000: there are none of them here"
    assert caught.value.hint
    assert caught.value.hint.startswith("there are ")


def test_other_limits_need_a_group_and_the_error_says_where_one_comes_from() -> None:
    with pytest.raises(SandboxError) as caught, limited(Resources(memory=8 << 20, parent="/x"), ()):
        pass

    assert caught.value.message == (
        "cannot limit memory, cgroup-parent: no control group may be made here "
        "(this machine has no controller for memory in /sys/fs/cgroup)"
    )
    assert caught.value.hint
    assert "systemd-run --user --scope -p Delegate=yes" in caught.value.hint


def test_a_place_where_nothing_may_be_made_is_named(top: Path) -> None:
    (top / "cgroup.subtree_control").unlink()

    with pytest.raises(SandboxError) as caught, limited(Resources(memory=8 << 20), unified(top, top)):
        pass

    assert caught.value.message == (
        "cannot limit memory: no control group may be made here "
        f"({top}/cgroup.subtree_control: no such file or directory)"
    )


def test_what_a_killed_build_left_is_removed(top: Path) -> None:
    group(top, passes_on="memory")
    old = top / "stagemill-999999999-1"
    old.mkdir()
    os.utime(old, (0, 0))

    with limited(Resources(memory=8 << 20), unified(top, top)):
        assert not old.exists()
