"""The flags that every command which builds has, in buildx's spelling; and `Values`, what a command line gave."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import click

from stagemill.cli.command import AttachedOption

PROGRESS = ("auto", "tty", "plain", "rawjson", "quiet")

_CONTEXT = "Put a directory, docker-image://IMAGE, oci-layout://DIRECTORY, a URL or target:STAGE in place of a stage or an image."


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
    command.params[:0] = [click.Argument(["context"], metavar="PATH|URL|-"), *_build_options()]
    return command


def _build_options() -> list[click.Option]:
    return [
        click.Option(
            ["-f", "--file"], metavar="FILE", help="The Dockerfile: a path, a URL, or - for a pipe. [PATH/Dockerfile]"
        ),
        click.Option(["--target"], metavar="STAGE", help="Stop at this stage; what it does not need is not built."),
        _several("--build-arg", "NAME[=VALUE]", "Give an ARG a value, or that of the environment."),
        _several("--build-context", "NAME=VALUE", _CONTEXT),
        *_cache_options(),
        _host_ca("Let RUN trust this machine's CA certificates (or FILE's); they never enter a layer."),
        click.Option(
            ["--network"],
            type=click.Choice(["default", "host", "none"]),
            default="default",
            help="What RUN can reach: what this machine can (default, host), or none.",
        ),
        click.Option(["--add-host"], multiple=True, metavar="NAME:IP", help="Add a line to /etc/hosts of RUN."),
        click.Option(
            ["--secret"],
            multiple=True,
            metavar="id=NAME[,src=FILE|,env=NAME]",
            help="A secret for RUN --mount=type=secret; it gets into nothing that the build leaves.",
        ),
        click.Option(
            ["--ssh"],
            multiple=True,
            metavar="default|ID[=SOCKET]",
            help="An SSH agent for RUN --mount=type=ssh; that of SSH_AUTH_SOCK unless there is a socket.",
        ),
        click.Option(
            ["--allow"],
            multiple=True,
            metavar="PERMISSION",
            help="What the Dockerfile may ask for: security.insecure makes RUN --security=insecure root on this machine.",
        ),
        click.Option(["--platform"], metavar="OS/ARCH", help="What to build for; only this machine's so far."),
        click.Option(
            ["--progress"],
            type=click.Choice(PROGRESS),
            help="How to show what happens; auto is tty on a terminal, else plain.",
        ),
    ]


def _several(name: str, metavar: str, text: str) -> click.Option:
    return click.Option([name], multiple=True, metavar=metavar, help=text)


def _cache_options() -> list[click.Option]:
    """The flags that say what is made again."""
    return [
        click.Option(["--no-cache"], is_flag=True, help="Make every step again, whatever the cache has."),
        click.Option(
            ["--no-cache-filter"], multiple=True, metavar="STAGE,…", help="Make the steps of these stages again."
        ),
        click.Option(
            ["--rerun"],
            multiple=True,
            metavar="STAGE|LINE",
            help="Run this stage, or the step at this line, again, and what depends on it if it gives something else.",
        ),
        click.Option(["--pull"], is_flag=True, help="Ask the registry for bases even if the store has them."),
    ]


def with_targets(command: click.Command) -> click.Command:
    """Lets a command that has the flags of a build have several targets, and stages that are in none of them."""
    place = next(place for place, param in enumerate(command.params) if param.name == "target")
    command.params[place : place + 1] = [
        click.Option(
            ["--target"],
            multiple=True,
            metavar="STAGE[=NAME[:TAG]]",
            help="Stop at this stage; may be repeated, for several images of one graph, each with its names.",
        ),
        click.Option(
            ["--also"],
            multiple=True,
            metavar="STAGE",
            help="Build this stage too (tests): it must succeed, and is in no image.",
        ),
        click.Option(["--all-stages"], is_flag=True, help="Build every stage, also what no target needs."),
    ]
    return command


def with_host_ca(text: str) -> Callable[[click.Command], click.Command]:
    """Gives a command the flag `--host-ca`."""

    def add(command: click.Command) -> click.Command:
        command.params.append(_host_ca(text))
        return command

    return add


def _host_ca(text: str) -> click.Option:
    """`--host-ca[=FILE]`, which is `auto` without a file."""
    return AttachedOption("--host-ca", alone="auto", metavar="FILE", text=text)
