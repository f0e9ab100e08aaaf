"""The flags that every command which builds has, in buildx's spelling; and `Values`, what a command line gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import click

PROGRESS = ("auto", "tty", "plain", "rawjson", "quiet")


@dataclass(frozen=True, slots=True)
class Values:
    """The values of flags by name, each read as what it is."""

    given: Mapping[str, object]

    def text(self, name: str) -> str | None:
        value = self.given[name]
        assert value is None or isinstance(value, str)
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.given[name]
        assert isinstance(value, tuple)
        return tuple(str(item) for item in value)

    def flag(self, name: str) -> bool:
        return self.given[name] is True


def add_build_options(command: click.Command) -> click.Command:
    """Gives a command the context argument and the flags that say what is built and how."""
    command.params[:0] = [click.Argument(["context"], metavar="PATH|-"), *_build_options()]
    return command


def _build_options() -> list[click.Option]:
    return [
        click.Option(["-f", "--file"], metavar="FILE", help="The Dockerfile; - is standard input. [PATH/Dockerfile]"),
        click.Option(["--target"], metavar="STAGE", help="Build up to this stage, and nothing it does not need."),
        click.Option(["--build-arg"], multiple=True, metavar="NAME[=VALUE]", help="Give an ARG a value."),
        click.Option(["--no-cache"], is_flag=True, help="Make every step again."),
        click.Option(
            ["--no-cache-filter"], multiple=True, metavar="STAGE,…", help="Make the steps of these stages again."
        ),
        click.Option(["--pull"], is_flag=True, help="Ask the registry for bases even if the store has them."),
        click.Option(
            ["--host-ca"],
            is_flag=False,
            flag_value="auto",
            metavar="[FILE]",
            help="Let RUN trust this machine's CA certificates (or FILE's); they never enter a layer.",
        ),
        click.Option(
            ["--network"], type=click.Choice(["default", "host", "none"]), default="default", help="Network of RUN."
        ),
        click.Option(["--add-host"], multiple=True, metavar="NAME:IP", help="Add a line to /etc/hosts of RUN."),
        click.Option(["--platform"], metavar="OS/ARCH", help="Only this machine's for now."),
        click.Option(["--progress"], type=click.Choice(PROGRESS), help="How to show what happens. [auto]"),
    ]
