"""The flags of every command that builds, and what a command line gave."""

from __future__ import annotations

import click
import pytest

from stagemill.cli.frame.command import Command
from stagemill.cli.frame.values import Values
from stagemill.cli.given.options import PROGRESS, add_build_options, with_host_ca
from stagemill.cli.progress import MODES

NOTHING = {
    "context": ".", "file": None, "target": None, "build_arg": (), "no_cache": False, "no_cache_filter": (), "rerun": (), "pull": False,
    "host_ca": None, "network": "default", "add_host": (), "platform": (), "all_platforms": False, "progress": None,
    "secret": (), "ssh": (), "allow": (), "volume": (), "cap_add": (), "cap_drop": (), "dns": (), "dns_search": (),
    "dns_option": (), "resource": (), "memory": None, "memory_swap": None, "cpu_shares": None, "cpu_period": None,
    "cpu_quota": None, "cpuset_cpus": None, "cpuset_mems": None, "cgroup_parent": None, "ulimit": (), "shm_size": None,
    "build_arg_file": (), "ignorefile": None, "build_context": (), "policy": (), "locked": None, "jobs": None, "debug": False,
    "authfile": None, "creds": None, "cert_dir": None, "tls_verify": None, "retry": None, "retry_delay": None,
    "reproducible": False, "source_date_epoch": None,
}  # fmt: skip


def parsed(*arguments: str) -> dict[str, object]:
    return add_build_options(Command("any")).make_context("any", list(arguments)).params


def test_without_flags_nothing_is_asked_for() -> None:
    assert parsed(".") == NOTHING


def test_flags_are_spelled_as_in_buildx() -> None:
    found = parsed(
        "-f", "other", "--target", "build", "--build-arg", "A=1", "--build-arg=B", "--no-cache", "--no-cache-filter", "a,b",
        "--pull", "--host-ca", "--network", "none", "--add-host", "db:1.2.3.4", "--platform", "linux/amd64",
        "--progress=plain", "--secret", "id=a", "--secret=id=b,env=B", "--ssh", "default", "--allow=security.insecure",
        "--build-context", "a=b", "--build-context=c=docker-image://d", "--retry=2", "--retry-delay", "1s",
        "--authfile", "auth.json", "--creds=me:pw", "--cert-dir", "certs", "--tls-verify", "context",
    )  # fmt: skip

    assert found == NOTHING | {
        "context": "context", "file": "other", "target": "build", "build_arg": ("A=1", "B"), "no_cache": True,
        "no_cache_filter": ("a,b",), "rerun": (), "pull": True, "host_ca": "auto", "network": "none", "add_host": ("db:1.2.3.4",),
        "platform": ("linux/amd64",), "all_platforms": False, "progress": "plain", "secret": ("id=a", "id=b,env=B"),
        "ssh": ("default",), "allow": ("security.insecure",), "build_context": ("a=b", "c=docker-image://d"), "retry": 2,
        "retry_delay": "1s", "authfile": "auth.json", "creds": "me:pw", "cert_dir": "certs", "tls_verify": "true",
    }  # fmt: skip


def test_a_letter_that_a_command_has_for_something_else_stays_its_own() -> None:
    command = add_build_options(Command("any", params=[click.Option(["-c", "script"])]))

    assert command.make_context("any", ["-c", "x", "-m", "1g", "."]).params["script"] == "x"


def test_the_context_is_needed() -> None:
    with pytest.raises(click.MissingParameter):
        parsed()


@pytest.mark.parametrize("arguments", [("--network", "bridge", "."), ("--progress", "loud", ".")])
def test_a_choice_is_one_of_those_there_are(arguments: tuple[str, ...]) -> None:
    with pytest.raises(click.BadParameter):
        parsed(*arguments)


def test_the_ways_to_show_progress_are_those_that_there_are() -> None:
    assert set(PROGRESS) == set(MODES)


def test_a_command_that_does_not_build_may_have_host_ca_too() -> None:
    command = with_host_ca("Trust.")(Command("any"))

    assert command.make_context("any", ["--host-ca"]).params == {"host_ca": "auto"}


class TestValues:
    VALUES = Values({"text": "a", "none": None, "texts": ("a", "b"), "flag": True, "unset": False})

    def test_each_is_read_as_what_it_is(self) -> None:
        assert (self.VALUES.text("text"), self.VALUES.text("none")) == ("a", None)
        assert self.VALUES.texts("texts") == ("a", "b")
        assert (self.VALUES.flag("flag"), self.VALUES.flag("unset")) == (True, False)

    def test_reading_one_as_something_else_is_a_bug_of_ours(self) -> None:
        with pytest.raises(AssertionError):
            self.VALUES.text("flag")
        with pytest.raises(AssertionError):
            self.VALUES.texts("text")
