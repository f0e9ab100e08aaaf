"""Flags that change nothing: each of them says why, unless there is nothing to be said."""

from __future__ import annotations

import pytest

from stagemill.cli import compat
from stagemill.cli.command import Command
from stagemill.cli.options import with_options
from stagemill.cli.values import Values


def told(*arguments: str) -> list[str]:
    command = with_options(compat.options())(Command("any"))
    return list(compat.notes(Values(command.make_context("any", list(arguments)).params)))


@pytest.mark.parametrize("flag", ["--compress", "--builder=x", "--isolation=hyperv", "--security-opt=label=disable"])
def test_a_flag_that_changes_nothing_says_so(flag: str) -> None:
    (text,) = told(flag)

    assert text.startswith(f"{flag.partition('=')[0]} changes nothing: ")


@pytest.mark.parametrize("flag", ["--rm", "--force-rm", "--builder=default", "--isolation=default"])
def test_what_is_done_anyway_is_nothing_to_be_said(flag: str) -> None:
    assert told(flag) == []
