"""Network, limits and rights of a container."""

from __future__ import annotations

import pytest

from stagemill.cli.container import settings
from stagemill.cli.container.options import run_options
from stagemill.cli.frame.command import Command
from stagemill.cli.frame.values import Values
from stagemill.cli.given.options import with_options
from stagemill.errors import UsageError
from stagemill.execute.container import Rights
from stagemill.sandbox.limits import Resources


def given(*arguments: str) -> Values:
    return Values(with_options(run_options())(Command("any")).make_context("any", list(arguments)).params)


@pytest.mark.parametrize(("text", "expected"), [("", "host"), ("host", "host"), ("default", "host"), ("none", "none")])
def test_there_are_two_networks(text: str, expected: str) -> None:
    assert settings.network(text) == expected


@pytest.mark.parametrize("text", ["bridge", "container:web", "mine"])
def test_others_only_a_daemon_has(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        settings.network(text)

    assert caught.value.message == (
        f"--network {text} is not supported: a container has this machine's network or none"
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), Resources()),
        (("--cpus", "1.5"), Resources(cpu_period=100_000, cpu_quota=150_000)),
        (("--cpus=2", "-m", "64m"), Resources(memory=64 << 20, cpu_period=100_000, cpu_quota=200_000)),
        (("--pids-limit", "64"), Resources(pids=64)),
        (("--pids-limit", "-1"), Resources()),
        (("-c", "512", "--cpuset-cpus", "0"), Resources(cpu_shares=512, cpuset_cpus="0")),
    ],
)
def test_limits_are_those_of_every_run_and_two_more(arguments: tuple[str, ...], expected: Resources) -> None:
    assert settings.resources(given(*arguments)) == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--cpus", "many"), "invalid --cpus 'many'"),
        (("--cpus", "0.001"), "invalid --cpus '0.001'"),
        (("--cpus", "1", "--cpu-quota", "5000"), "--cpus and --cpu-quota exclude each other"),
        (("--pids-limit", "-2"), "invalid --pids-limit '-2'"),
    ],
)
def test_limits_that_cannot_be_are_told(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        settings.resources(given(*arguments))

    assert caught.value.message == message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), Rights()),
        (("--privileged",), Rights(privileged=True)),
        (("--read-only",), Rights(read_only=True)),
        (("--security-opt", "no-new-privileges"), Rights(no_new_privileges=True)),
        (("--security-opt", "no-new-privileges:true"), Rights(no_new_privileges=True)),
        (("--security-opt=no-new-privileges=false",), Rights()),
        (("--security-opt", "seccomp=unconfined"), Rights(filtered=False)),
        (("--security-opt", "seccomp:unconfined", "--security-opt", "apparmor:unconfined"), Rights(filtered=False)),
        (("--security-opt", "label=disable", "--security-opt", "label:disable"), Rights()),
    ],
)
def test_rights_are_what_the_flags_say(arguments: tuple[str, ...], expected: Rights) -> None:
    assert settings.rights(given(*arguments), ()) == expected


def test_capabilities_are_numbers() -> None:
    assert settings.rights(given(), ("+net_admin", "-chown")) == Rights(added=frozenset({12}), dropped=frozenset({0}))


@pytest.mark.parametrize("option", ["seccomp=profile.json", "label=type:x", "systempaths=unconfined"])
def test_options_of_security_that_there_are_not_are_told(option: str) -> None:
    with pytest.raises(UsageError) as caught:
        settings.rights(given("--security-opt", option), ())

    assert caught.value.message == f"--security-opt {option} is not supported"
