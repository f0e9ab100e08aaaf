"""Flags of `docker buildx build` that this version does not have: each says so, none is ignored."""

from __future__ import annotations

import click

from stagemill.errors import StagemillError

_WITH_VALUE: tuple[tuple[str, ...], ...] = (
    ("--policy",),
)  # fmt: skip


def refusing(command: click.Command) -> click.Command:
    """Gives a command those flags, hidden from its help."""
    for names in _WITH_VALUE:
        command.params.append(
            click.Option(list(names), multiple=True, expose_value=False, hidden=True, callback=_refuse)
        )
    return command


def _refuse(_ctx: click.Context, param: click.Parameter, value: object) -> None:
    if value:
        raise StagemillError(
            f"{param.opts[-1]} is not supported yet", hint="leave it out; stagemill build --help lists what there is"
        )
