"""`respelt`: a command's flags as words again, for another process that is to have the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

import click

from stagemill.cli.frame.command import AttachedOption


def respelt(params: Iterable[click.Parameter], given: Mapping[str, object], *, without: Collection[str]) -> list[str]:
    """The words that give these options these values; `without` are names of those to leave out."""
    options = (param for param in params if isinstance(param, click.Option) and param.name not in without)
    return [word for option in options for word in _words(option, given.get(option.name or ""))]


def _words(option: click.Option, value: object) -> Iterator[str]:
    flag = max(option.opts, key=len)
    if value is None or value is False or value == option.default:
        return
    if isinstance(value, tuple):
        for each in value:
            yield from (flag, str(each))
    elif isinstance(option, AttachedOption):
        yield f"{flag}={value}"
    elif option.is_flag:
        yield flag
    else:
        yield from (flag, str(value))
