"""Flags as words again: who reads them has the same values."""

from __future__ import annotations

import shlex

import pytest

from stagemill.cli.frame.command import Command
from stagemill.cli.given.options import add_build_options
from stagemill.cli.verifying.respelt import respelt

OWN = ("context", "jobs")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "--build-arg A=1 --build-arg 'B=a b' --target x -f Dockerfile.x",
        "--no-cache --pull --platform linux/arm64,linux/amd64 --network none",
        "--host-ca --host-ca=/ca.pem --memory 5m -v /a:/b:ro --retry 2",
        "--reproducible --source-date-epoch 0 --progress plain --debug",
        "--secret id=a,src=b --ulimit nofile=5:6 --add-host a:1.2.3.4",
    ],
)
def test_a_command_line_means_the_same_when_it_is_spelt_again(line: str) -> None:
    command = add_build_options(Command("any"))
    given = command.make_context("any", [*shlex.split(line), "."]).params

    words = respelt(command.params, given, without=OWN)

    assert command.make_context("any", [*words, "."]).params == given


def test_some_are_left_out() -> None:
    command = add_build_options(Command("any"))
    given = command.make_context("any", ["--jobs", "3", "--target", "x", "."]).params

    assert respelt(command.params, given, without=OWN) == ["--target", "x"]
