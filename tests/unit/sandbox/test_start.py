"""What a process is started with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from fakes.sandbox_lab import PLAIN
from stagemill.sandbox.cgroups import Group
from stagemill.sandbox.emulators import Emulator
from stagemill.sandbox.inside import capabilities, init, start
from stagemill.sandbox.limits import Ulimit
from stagemill.sandbox.namespaces import request
from stagemill.sandbox.process import Bind, Data, Rootfs, Stack, Tmpfs

if TYPE_CHECKING:
    from stagemill.sandbox.inside.wire import Request

MEMORY = (
    Tmpfs("/t", 5, mode=0o700, uid=7, gid=8, executable=False),
    Data(b"x", "/d", uid=1, gid=2),
    Stack((Path("/l/0"),), "a/b", "/s", directory=False, upper=Path("/s/u"), work=Path("/s/w")),
)


def asked(env: tuple[tuple[str, str], ...] = (), *, size: tuple[int, int] | None = None) -> Request:
    tree = Rootfs((Path("/l/0"), Path("/l/1")), Path("/u"), Path("/w"))
    process = replace(
        PLAIN,
        env=env,
        mounts=(Bind(Path("/src"), "/dst"), *MEMORY),
        ulimits=(Ulimit("nofile", 1, 2),),
        added=frozenset({12}),
        dropped=frozenset({0}),
        read_only=True,
        no_new_privileges=True,
        filtered=False,
        emulators=(Emulator("arm64", Path("/opt/qemu")),),
    )
    group = Group((Path("/cg/cgroup.procs"),), (("", Path("/cg")),), frozenset({2, 0}))
    return request(tree, process, group, mountpoint=Path("/state/mountpoint"), size=size)


def test_home_and_path_are_set_and_term_only_for_a_terminal() -> None:
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    assert start.environment(asked()) == {"HOME": "/root", "PATH": path}
    assert start.environment(asked(size=(24, 80))) == {"HOME": "/root", "PATH": path, "TERM": "xterm"}


def test_given_variables_win_and_a_later_one_wins_over_an_earlier() -> None:
    env = (("PATH", "/opt"), ("HOME", ""), ("TERM", "dumb"), ("A", "1"), ("A", "2"))

    assert start.environment(asked(env, size=(24, 80))) == {"PATH": "/opt", "HOME": "", "TERM": "dumb", "A": "2"}


def test_a_request_says_all_that_was_asked() -> None:
    assert asked((("A", "1"),), size=(1, 2)) == {
        "mountpoint": "/state/mountpoint",
        "lower": ["/l/0", "/l/1"],
        "upper": "/u",
        "work": "/w",
        "tree": {},
        "mounts": [
            {"kind": "bind", "target": "/dst", "directory": False, "read_only": True, "source": "/src", "inside": ""},
            {
                "kind": "tmpfs",
                "target": "/t",
                "directory": True,
                "read_only": False,
                "size": 5,
                "mode": 0o700,
                "uid": 7,
                "gid": 8,
                "executable": False,
            },
            {
                "kind": "data",
                "target": "/d",
                "directory": False,
                "read_only": True,
                "content": "eA==",
                "mode": 0o400,
                "uid": 1,
                "gid": 2,
            },
            {
                "kind": "stack",
                "target": "/s",
                "directory": False,
                "read_only": False,
                "path": "a/b",
                "lower": ["/l/0"],
                "upper": "/s/u",
                "work": "/s/w",
            },
        ],
        "args": ["true"],
        "env": [("A", "1")],
        "cwd": "/",
        "uid": 0,
        "gid": 0,
        "groups": [0],
        "home": "/root",
        "hostname": "lab",
        "network": "host",
        "hosts": "127.0.0.1 localhost lab\n",
        "resolv_conf": "nameserver 192.0.2.1\n",
        "umask": 0o022,
        "insecure": False,
        "shm_size": 64 << 20,
        "ulimits": [("nofile", 1, 2)],
        "members": ["/cg/cgroup.procs"],
        "cgroups": [("", "/cg")],
        "cpus": [0, 2],
        "added": [12],
        "dropped": [0],
        "read_only": True,
        "no_new_privileges": True,
        "filtered": False,
        "terminal": (1, 2),
        "foreign": True,
        "emulators": [Emulator("arm64", Path("/opt/qemu")).rule],
    }


def test_the_default_capabilities_are_docker_s() -> None:
    assert capabilities.DEFAULT == 0xA80425FB


def test_capabilities_come_and_go() -> None:
    assert capabilities.allowed([12], [0]) == capabilities.DEFAULT - 1 + (1 << 12)
    assert capabilities.allowed([], range(64)) == 0
    assert not capabilities.DEFAULT & capabilities.BEYOND_THE_FILTER


def test_exit_codes_have_the_shell_s_form() -> None:
    assert [init.exit_code(status) for status in (0, 3 << 8, 9, 15)] == [0, 3, 137, 143]
