"""Flags that change nothing: each of them says why, unless there is nothing to be said."""

from __future__ import annotations

import pytest

from stagemill.cli.docker import compat
from stagemill.cli.docker.compat import Unneeded
from stagemill.cli.frame.command import Command
from stagemill.cli.frame.values import Values
from stagemill.cli.given.options import with_options


def told(*arguments: str, of: Unneeded = compat.BUILD) -> list[str]:
    command = with_options(of.options())(Command("any"))
    return list(of.notes(Values(command.make_context("any", list(arguments)).params)))


@pytest.mark.parametrize("flag", ["--compress", "--builder=x", "--isolation=hyperv", "--security-opt=label=disable"])
def test_a_flag_that_changes_nothing_says_so(flag: str) -> None:
    (text,) = told(flag)

    assert text.startswith(f"{flag.partition('=')[0]} changes nothing: ")


@pytest.mark.parametrize("flag", ["--rm", "--force-rm", "--builder=default", "--isolation=default"])
def test_what_is_done_anyway_is_nothing_to_be_said(flag: str) -> None:
    assert told(flag) == []


@pytest.mark.parametrize(
    ("arguments", "flag"),
    [
        (("--name", "web"), "--name"),
        (("-l", "a=b"), "--label"),
        (("--label=a=b", "--label=c=d"), "--label"),
        (("--stop-timeout", "30"), "--stop-timeout"),
        (("--log-driver", "syslog"), "--log-driver"),
        (("--health-cmd", "true"), "--health-cmd"),
    ],
)
def test_of_run_those_that_are_for_a_daemon_change_nothing(arguments: tuple[str, ...], flag: str) -> None:
    (text,) = told(*arguments, of=compat.RUN)

    assert text.startswith(f"{flag} changes nothing: ")


@pytest.mark.parametrize("arguments", [("--no-healthcheck",), ("--expose", "80"), ("--log-driver=none",)])
def test_of_run_some_ask_for_what_there_is(arguments: tuple[str, ...]) -> None:
    assert told(*arguments, of=compat.RUN) == []
