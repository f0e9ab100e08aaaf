"""Flags of buildx that there are not yet: each says so."""

from __future__ import annotations

import click
import pytest

from fakes.commands import commands, options
from stagemill.cli.later import refusing
from stagemill.cli.options import add_build_options
from stagemill.errors import StagemillError

COMMAND = refusing(click.Command("any", params=[click.Argument(["context"])]))
REFUSED = [option for option in options(COMMAND, hidden=True) if option.hidden]


def parse(*arguments: str) -> dict[str, object]:
    return COMMAND.make_context("any", [*arguments, "."]).params


@pytest.mark.parametrize("flag", [flag for option in REFUSED for flag in option.opts])
def test_a_flag_that_there_is_not_yet_says_so(flag: str) -> None:
    option = next(option for option in REFUSED if flag in option.opts)

    with pytest.raises(StagemillError) as caught:
        parse(flag, *([] if option.is_flag else ["value"]))

    assert caught.value.message == f"{option.opts[-1]} is not supported yet"
    assert caught.value.hint
    assert caught.value.hint.startswith("leave it out")


def test_without_them_nothing_happens() -> None:
    assert parse() == {"context": "."}


def test_none_of_them_hides_a_flag_that_there_is() -> None:
    refused = {flag for option in REFUSED for flag in option.opts}
    command = commands()["build"]
    shown = {flag for option in options(command) for flag in option.opts}

    assert refused & shown == set()
    assert (
        refused & {flag for option in options(add_build_options(click.Command("any"))) for flag in option.opts} == set()
    )
