"""Limits of RUN, on the real kernel: control groups of whichever version it has, rlimits, /dev/shm, capabilities."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.mill import Mill
from stagemill.sandbox.hierarchies import hierarchies

pytestmark = pytest.mark.root

_TELL = "cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes"


def has(controller: str) -> bool:
    return os.geteuid() == 0 and any(controller in found.controllers for found in hierarchies())


def said(mill: Mill, command: str, *flags: str) -> str:
    """What a RUN prints."""
    ran = mill.build(f"FROM busybox\nRUN {command} && true\n", "--no-cache", *flags)
    return next(step.output.decode() for name, step in ran.steps.items() if name.startswith("RUN"))


def groups_of(processes: list[str]) -> list[str]:
    """The groups that were made by processes with these numbers; others may be at work on this machine."""
    names = tuple(f"stagemill-{process}-" for process in processes)
    return [
        name
        for found in hierarchies()
        for _, folders, _ in os.walk(found.top)
        for name in folders
        if name.startswith(names)
    ]


needs_memory = pytest.mark.skipif(not has("memory"), reason="no control group that limits memory can be made here")


@needs_memory
class TestGroups:
    @pytest.fixture
    def mill(self, mill: Mill, tmp_path: Path) -> Iterator[Mill]:
        """Afterwards no group is left that it made."""
        numbers = tmp_path / "numbers"
        yield replace(mill, prefix=("sh", "-c", 'echo $$ >> "$0"; exec "$@"', str(numbers)))
        assert groups_of(numbers.read_text().split()) == []

    def test_memory_is_limited_and_a_process_can_see_it(self, mill: Mill) -> None:
        assert said(mill, _TELL, "--memory", "64m").strip() == "67108864"

    def test_who_takes_more_is_killed_and_the_error_says_why(self, mill: Mill) -> None:
        mill.write({"Dockerfile": "FROM busybox\nRUN head -c 100000000 /dev/zero | tail -c 90000000 | wc -c\n"})
        mill.write({"Dockerfile": "FROM busybox\nRUN x=$(head -c 90000000 /dev/zero | tr '\\0' x); echo ${#x}\n"})

        error = mill.fail("build", "--progress=quiet", "--resource", "memory=32m,memory-swap=32m", ".")

        assert "exit code: 137" in error
        assert "--memory gives it 32 MiB" in error

    def test_limits_are_no_part_of_a_key(self, mill: Mill) -> None:
        mill.build("FROM busybox\nRUN true\n", "-m", "64m")

        assert mill.build("FROM busybox\nRUN true\n").executed == []

    def test_processors_and_their_time_are_limited(self, mill: Mill) -> None:
        one = str(min(os.sched_getaffinity(0)))

        assert said(mill, "nproc", "--cpuset-cpus", one, "--cpu-quota", "90000", "-c", "512") == "1\n"

    def test_a_parent_is_made_and_gone_again(self, mill: Mill) -> None:
        parent = f"mill-test-{os.getpid()}"

        assert f"/{parent}/inner/stagemill-" in said(
            mill, "cat /proc/self/cgroup", "--cgroup-parent", f"{parent}/inner"
        )
        assert not any((found.top / parent).exists() for found in hierarchies())


def test_processors_can_be_chosen_where_no_group_may_be_made(mill: Mill) -> None:
    one = str(min(os.sched_getaffinity(0)))

    assert said(mill, "nproc", "--resource", f"cpuset-cpus={one}") == "1\n"


def test_ulimits_are_those_of_the_process_and_part_of_the_key(mill: Mill) -> None:
    assert said(mill, "ulimit -n; ulimit -Hn; ulimit -c", "--ulimit", "nofile=100:200", "--ulimit", "core=5000") in {
        "100\n200\n9\n",
        "100\n200\n10\n",
    }
    mill.build("FROM busybox\nRUN true\n", "--ulimit", "nofile=100")

    assert mill.build("FROM busybox\nRUN true\n").executed == ["RUN true"]


def test_shared_memory_has_the_size_that_was_asked_for(mill: Mill) -> None:
    assert "131072" in said(mill, "df -k /dev/shm", "--shm-size", "128m")
    assert "65536" in said(mill, "df -k /dev/shm")


def test_capabilities_come_and_go(mill: Mill) -> None:
    caps = said(mill, "grep CapEff /proc/self/status", "--cap-add", "net_admin", "--cap-drop", "chown")

    assert caps.split() == ["CapEff:", "00000000a80435fa"]
    assert said(mill, "grep CapEff /proc/self/status", "--cap-drop=ALL").split()[1] == "0" * 16


def test_a_capability_beyond_the_profile_can_be_used(mill: Mill) -> None:
    assert said(mill, "mount -t tmpfs none /tmp && mount | grep -c ' /tmp '", "--cap-add", "SYS_ADMIN") == "1\n"


def test_a_directory_of_this_machine_is_shown_to_every_run(mill: Mill) -> None:
    (mill.folder.parent / "here").write_text("text")
    place = f"{mill.folder.parent}/here"

    assert said(mill, "cat /there", "-v", f"{place}:/there:ro") == "text"
    assert mill("build", "-v", f"{place}:/there:ro", "-o", "type=tar,dest=out.tar", ".").status == 0
    names = subprocess.run(["tar", "tf", mill.folder / "out.tar"], capture_output=True, text=True, check=True).stdout
    assert "there" not in names


def test_name_servers_are_those_that_were_asked_for(mill: Mill) -> None:
    text = said(
        mill, "cat /etc/resolv.conf", "--dns", "192.0.2.9", "--dns-search", "a.example", "--dns-option", "ndots:2"
    )

    assert text.splitlines()[:2] == ["nameserver 192.0.2.9", "search a.example"]
    assert text.splitlines()[-1] == "options ndots:2"


def test_a_device_brings_nodes_and_mounts(mill: Mill) -> None:
    spec = (
        '{"kind": "example.com/x", "devices": [{"name": "a", "containerEdits": {"additionalGids": [77],'
        '"deviceNodes": [{"path": "/dev/mine", "hostPath": "/dev/zero"}],'
        f'"mounts": [{{"hostPath": "{mill.folder}/cdi", "containerPath": "/cdi", "options": ["ro"]}}],'
        '"hooks": [{"hookName": "createContainer", "path": "/bin/true"}]}}]}'
    )
    mill.write({"cdi/x.json": spec})
    mine = Mill(mill.root, mill.folder, settings={"CDI_SPEC_DIRS": f"{mill.folder}/cdi"})

    ran = mine.build(
        "FROM busybox\nRUN --device=example.com/x=a head -c 3 /dev/mine | wc -c && ls /cdi && id -G && chmod 600 /dev/mine\n",
        "--allow=device",
    )

    (output,) = [step.output for name, step in ran.steps.items() if name.startswith("RUN")]
    assert output.split() == [b"3", b"x.json", b"0", b"77"]
    assert Path("/dev/zero").stat().st_mode & 0o777 == 0o666
    told = mine.ok("build", "--progress=plain", "--no-cache", "--allow=device", ".").err
    assert "device example.com/x=a asks for 1 hooks, which are not run" in told
