"""The flags of run: none of them takes a letter or a name of another."""

from __future__ import annotations

from collections import Counter

import click

from stagemill.cli.container.options import run_options
from stagemill.cli.run import command


def test_no_name_is_given_twice() -> None:
    names = Counter(name for param in command.params if isinstance(param, click.Option) for name in param.opts)

    assert {name for name, count in names.items() if count > 1} == set()


def test_letters_are_dockers() -> None:
    letters = {name: option.opts[-1] for option in run_options() for name in option.opts if len(name) == 2}

    assert letters == {
        "-c": "--cpu-shares", "-e": "--env", "-h": "--hostname", "-i": "--interactive", "-m": "--memory", "-p": "--publish",
        "-q": "--quiet", "-t": "--tty", "-u": "--user", "-v": "--volume", "-w": "--workdir",
    }  # fmt: skip
