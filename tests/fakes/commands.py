"""The command line as its commands have it, for tests that look at it rather than use it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache

import click

from stagemill.cli.commands import program

_OPERATORS = set("|&;<>()")


@cache
def commands() -> dict[str, click.Command]:
    """Every command that does something, by its words: `build`, `store check`."""
    return dict(_below("", program))


def _below(prefix: str, group: click.Group) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from _below(f"{prefix}{name} ", command)
        else:
            yield f"{prefix}{name}", command


def options(command: click.Command, *, hidden: bool = False) -> list[click.Option]:
    """The options of a command; with `hidden` those too that its help does not show."""
    found = [param for param in command.params if isinstance(param, click.Option)]
    return [option for option in found if hidden or not option.hidden]


def help_of(name: str) -> str:
    """What `stagemill NAME --help` prints, in a terminal of 80 columns."""
    command = commands()[name]
    return command.get_help(click.Context(command, parent=_root(), info_name=name, terminal_width=80))


def _root() -> click.Context:
    """What every command is called in: it says which flags ask for help, and a command remembers them."""
    return program.context_class(program, info_name="stagemill", **program.context_settings)


def calls(line: str) -> Iterator[list[str]]:
    """The arguments of each `stagemill` in a line of shell, without what the shell itself takes."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    found: list[str] | None = None
    words = iter(lexer)
    for word in words:
        if set(word) <= set("<>"):
            next(words)
        elif set(word) <= _OPERATORS:
            if found is not None:
                yield found
            found = None
        elif found is not None:
            found.append(word)
        elif word == "stagemill":
            found = []
    if found is not None:
        yield found


def parse(arguments: list[str]) -> None:
    """Has click parse the arguments of `stagemill`, and does nothing with them. Raises what click or we raise."""
    name, command = _named(arguments)
    if command is not None:
        rest = arguments[len(name.split()) :]
        command.make_context(name, list(rest), parent=_root()).close()


def _named(arguments: list[str]) -> tuple[str, click.Command | None]:
    if arguments in (["--version"], ["--help"], ["COMMAND", "--help"]):
        return "", None
    for name, command in commands().items():
        words = name.split()
        if arguments[: len(words)] == words:
            return name, command
    raise click.UsageError(f"there is no such command: {' '.join(arguments)}")


def synopsis(line: str) -> str:
    """A synopsis as a command line: `[-q] [--json]` becomes `-q --json`, `a|b` becomes `a`; other lines stay."""
    if not re.search(r"\[[A-Z-]", line):
        return line
    line = re.sub(r"(?<=\w)\|[\w-]+", "", line.replace("[OPTIONS]", ""))
    return re.sub(r"[\[\]]", "", line)
