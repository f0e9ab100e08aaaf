"""Flags that are for every RUN."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from stagemill.cli.frame.command import Command
from stagemill.cli.frame.values import Values
from stagemill.cli.given import every_run
from stagemill.cli.given.every_run import Dns, Surroundings, beyond, capabilities, ulimits, volume
from stagemill.cli.given.options import add_build_options
from stagemill.errors import UsageError
from stagemill.graph.mounts import HostMount
from stagemill.sandbox.limits import Resources


def given(*arguments: str) -> Surroundings:
    context = add_build_options(Command("any")).make_context("any", [*arguments, "."])
    return Surroundings.of(Values(context.params))


def test_without_flags_nothing_is_limited() -> None:
    assert given() == Surroundings()


def test_resources_have_one_flag_or_one_each() -> None:
    wanted = Resources(
        memory=64 << 20, memory_swap=-1, cpu_shares=512, cpu_period=50000, cpu_quota=25000, cpuset_cpus="0-1",
        cpuset_mems="0", parent="/builds",
    )  # fmt: skip

    one = given(
        "--resource", "memory=64m,memory-swap=-1", "--resource", "cpu-shares=512", "--resource", "cpu-period=50000",
        "--resource", "cpu-quota=25000", "--resource", "cpuset-cpus=0-1,cpuset-mems=0", "--cgroup-parent", "/builds",
    )  # fmt: skip
    each = given(
        "-m", "64m", "--memory-swap", "-1", "-c", "512", "--cpu-period", "50000", "--cpu-quota", "25000",
        "--cpuset-cpus", "0-1", "--cpuset-mems", "0", "--cgroup-parent=/builds",
    )  # fmt: skip

    assert (one.resources, each.resources) == (wanted, wanted)


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (("--resource", "memry=1g"), "invalid --resource 'memry=1g'", "did you mean memory?"),
        (("--resource", "memory"), "invalid --resource 'memory'", "did you mean memory?"),
        (("-m", "much"), "invalid memory 'much': it is no size", "write a number of bytes, or such as 512m or 1.5g"),
        (("-m", "1m"), "the memory limit is less than 6m", "give more: --memory 512m"),
        (("--memory-swap", "1g"), "--memory-swap needs --memory", "memory-swap is memory and swap together"),
        (("-m", "1g", "--memory-swap", "8m"), "--memory-swap is less than --memory", "it is memory and swap"),
        (("-c", "1"), "invalid cpu-shares '1'", "give a number from 2 on"),
        (("--cpu-quota", "-2"), "invalid cpu-quota '-2'", "give a number from 1000 on"),
        (("--cpuset-cpus", "3-1"), "invalid cpuset-cpus '3-1'", "write a list such as 0-3 or 0,2"),
        (("--cgroup-parent", "/../x"), "invalid --cgroup-parent '/../x'", "name a group below the root"),
        (("--shm-size", "big"), "invalid --shm-size 'big': it is no size", "write a number of bytes"),
        (("--dns", "here"), "invalid --dns 'here': it is no IP address", "write --dns 9.9.9.9"),
    ],
)
def test_what_is_wrong_is_told(arguments: tuple[str, ...], message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        given(*arguments)

    assert caught.value.message == message
    assert caught.value.hint
    assert caught.value.hint.startswith(hint)


def test_the_rest_is_in_the_key_of_every_run(tmp_path: Path) -> None:
    found = given(
        "--ulimit", "nofile=10:20", "--shm-size", "1m", "--cap-add", "NET_ADMIN", "--cap-drop=CAP_CHOWN", "-v", f"{tmp_path}:/x:ro",
    ).every_run  # fmt: skip

    assert (found.ulimits, found.shm_size) == ((("nofile", 10, 20),), 1 << 20)
    assert found.capabilities == ("+net_admin", "-chown")
    assert found.volumes == (HostMount(str(tmp_path), "/x", read_only=True),)
    assert found.volumes[0].source == str(tmp_path)


class TestUlimits:
    def test_one_number_is_both_and_the_last_one_wins(self) -> None:
        assert ulimits(["nproc=5", "nofile=1:2", "nproc=-1"]) == (("nofile", 1, 2), ("nproc", -1, -1))

    @pytest.mark.parametrize(
        ("text", "hint"),
        [
            ("nofil=1", "did you mean nofile?"),
            ("nofile", "write --ulimit nofile=SOFT[:HARD], -1 for no limit"),
            ("nofile=1:2:3", "write --ulimit nofile=SOFT[:HARD], -1 for no limit"),
            ("nofile=2:1", None),
            ("nofile=-1:5", None),
        ],
    )
    def test_what_is_none_is_wrong_usage(self, text: str, hint: str | None) -> None:
        with pytest.raises(UsageError) as caught:
            ulimits([text])

        assert caught.value.message.startswith(f"invalid --ulimit {text!r}")
        assert caught.value.hint == hint

    def test_a_user_is_told_what_cannot_be_had(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(every_run, "_may_raise", lambda: False)
        monkeypatch.setattr(resource, "getrlimit", lambda _: (10, 100))

        (text,) = beyond([("nofile", 5, 50), ("nproc", 5, -1), ("rttime", 5, 200)][1:2])

        assert text.startswith("--ulimit nproc: RUN gets 100, the most that this user may have\nhint: raise it")
        assert list(beyond([("nofile", 5, 100)])) == []

    def test_root_may_have_all(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(every_run, "_may_raise", lambda: True)

        assert list(beyond([("nofile", -1, -1)])) == []


class TestCapabilities:
    def test_they_are_written_with_or_without_cap(self) -> None:
        assert capabilities(["CAP_SYS_PTRACE", "sys_ptrace"], ["ALL"]) == ("+sys_ptrace", "-all")

    def test_what_is_none_is_wrong_usage(self) -> None:
        with pytest.raises(UsageError) as caught:
            capabilities(["NET_ADMN"], [])

        assert (caught.value.message, caught.value.hint) == (
            "there is no capability 'NET_ADMN'",
            "did you mean NET_ADMIN?",
        )


class TestVolumes:
    @pytest.mark.parametrize("text", ["/tmp", "/tmp:rel", "/tmp:/x:rx", ":/x", "/tmp:/x:ro:z"])
    def test_what_is_none_is_wrong_usage(self, text: str) -> None:
        with pytest.raises(UsageError) as caught:
            volume(text)

        assert caught.value.message.startswith(f"invalid --volume {text!r}")
        assert caught.value.hint == "write -v /path/here:/path/inside, or …:ro"

    def test_the_labels_of_selinux_may_be_given_where_there_is_none(self) -> None:
        assert volume("/tmp:/x:ro,z") == HostMount("/tmp", "/x", read_only=True)


class TestDns:
    HOST = "# a comment\nnameserver 192.0.2.1\nsearch here.example\noptions ndots:5\n"

    def test_servers_take_the_place_of_the_machines(self) -> None:
        changed = Dns(servers=("9.9.9.9", "::1")).applied(self.HOST)

        assert changed == "nameserver 9.9.9.9\nnameserver ::1\n# a comment\nsearch here.example\noptions ndots:5\n"

    def test_domains_and_options_too(self) -> None:
        changed = Dns(search=("a", "b"), options=("rotate",)).applied(self.HOST)

        assert changed == "search a b\n# a comment\nnameserver 192.0.2.1\noptions rotate\n"

    def test_a_dot_is_no_domain(self) -> None:
        assert "search" not in Dns(search=(".",)).applied(self.HOST)
