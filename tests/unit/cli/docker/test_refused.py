"""Flags that there are not: each says why, and what to do instead."""

from __future__ import annotations

import pytest

from stagemill.cli.docker.refused import Refusal, refusing
from stagemill.cli.frame.command import Command
from stagemill.errors import UsageError

DETACH = Refusal(("-d", "--detach"), "there is no daemon", "put & behind it", switch=True)
IPC = Refusal(("--ipc",), "it has its own", "leave it out", harmless=frozenset({"", "private"}))


def parse(*arguments: str) -> dict[str, object]:
    return refusing([DETACH, IPC])(Command("any")).make_context("any", list(arguments)).params


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (("-d",), "--detach is not supported: there is no daemon", "put & behind it"),
        (("--detach",), "--detach is not supported: there is no daemon", "put & behind it"),
        (("--ipc", "host"), "--ipc host is not supported: it has its own", "leave it out"),
        (("--ipc=private", "--ipc=host"), "--ipc host is not supported: it has its own", "leave it out"),
    ],
)
def test_a_flag_that_there_is_not_says_why(arguments: tuple[str, ...], message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(*arguments)

    assert (caught.value.message, caught.value.hint) == (message, hint)


@pytest.mark.parametrize("arguments", [(), ("--ipc", "private"), ("--ipc=",), ("--detach=false",)])
def test_what_there_is_anyway_can_be_asked_for(arguments: tuple[str, ...]) -> None:
    assert parse(*arguments) == {}
