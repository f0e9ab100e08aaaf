"""The flags of `stagemill run`, in docker's spelling."""

from __future__ import annotations

from collections.abc import Iterator

import click

from stagemill.cli.frame.command import AttachedOption, Option, under
from stagemill.cli.given import every_run

PULL = ("always", "missing", "never")


def run_options() -> list[Option]:
    return [
        *_what(),
        *under("What it sees", (*_sees(), *every_run.sandbox_options(volume=""))),
        *under("What it may do", _rights()),
        *under("Limits", (*_limits(), *every_run.limit_options((), who="the command"))),
        *_image(),
    ]


def _what() -> Iterator[Option]:
    yield Option(["-i", "--interactive"], is_flag=True, help="Hand standard input on to the command.")
    yield Option(["-t", "--tty"], is_flag=True, help="Give the command a terminal; -it for a shell.")
    yield Option(["--entrypoint"], metavar="PROGRAM", help="Start this instead of the image's ENTRYPOINT.")
    yield Option(
        ["-e", "--env"], multiple=True, metavar="NAME[=VALUE]", help="Set a variable, or take it over from here."
    )
    yield Option(
        ["--env-file"], multiple=True, metavar="FILE", help="Set the variables in a file; a line is NAME=VALUE or NAME."
    )
    yield Option(
        ["-w", "--workdir"], default="", metavar="PATH", help="Where it starts; the image's WORKDIR unless given."
    )
    yield Option(["-u", "--user"], default="", metavar="USER[:GROUP]", help="Who it is; the image's USER unless given.")
    yield Option(["--group-add"], multiple=True, metavar="GROUP", help="Another group that it is in.")
    yield Option(["--rm"], is_flag=True, help="Changes nothing: what the command leaves is always removed.")
    yield Option(
        ["--init"], is_flag=True, help="Changes nothing: process 1 is always one that reaps and passes signals on."
    )


def _sees() -> Iterator[Option]:
    yield Option(
        ["--mount"], multiple=True, metavar="type=TYPE,…",
        help="type=bind,source=PATH,target=PATH[,readonly], or type=tmpfs,target=PATH[,tmpfs-size=SIZE][,tmpfs-mode=MODE].",
    )  # fmt: skip
    yield Option(
        ["--tmpfs"], multiple=True, metavar="PATH[:OPTIONS]",
        help="Memory at a path; options are size=, mode=, uid=, gid=, exec.",
    )  # fmt: skip
    yield Option(
        ["--device"], multiple=True, metavar="PATH[:PATH]|NAME",
        help="A device of this machine, by path or by its CDI name (vendor.com/class=name).",
    )  # fmt: skip
    yield Option(
        ["--network", "--net"], default="", metavar="host|none", help="This machine's network, or none. [host]"
    )
    yield Option(
        ["-p", "--publish"], multiple=True, metavar="PORT:PORT",
        help="Changes nothing: the same port is reachable without it. Another one cannot be given.",
    )  # fmt: skip
    yield Option(["-h", "--hostname"], default="", metavar="NAME", help="What it takes this machine for. [stagemill]")
    yield Option(
        ["--add-host"], multiple=True, metavar="NAME:IP", help="Add a line to /etc/hosts; host-gateway is this machine."
    )
    yield AttachedOption(
        "--host-ca", alone="auto", metavar="FILE", text="Let it trust this machine's CA certificates (or FILE's)."
    )


def _rights() -> Iterator[Option]:
    yield Option(
        ["--privileged"], is_flag=True,
        help="Let it do all that you may, with this machine's devices: as root it is root on this machine.",
    )  # fmt: skip
    yield Option(["--read-only"], is_flag=True, help="Let nothing be written but what is mounted.")
    yield Option(
        ["--security-opt"], multiple=True, metavar="OPTION",
        help="no-new-privileges: no rights by set-user-id programs; seccomp=unconfined: every system call.",
    )  # fmt: skip


def _limits() -> Iterator[Option]:
    yield Option(["--cpus"], metavar="NUMBER", help="How many processors' time it may use, such as 1.5.")
    yield Option(["--pids-limit"], metavar="NUMBER", help="How many processes it may have; -1 for any number.")


def _image() -> Iterator[Option]:
    yield Option(
        ["--pull"], type=click.Choice(PULL), default="missing",
        help="When to ask the registry for the image: always, if the store has none, or never. [missing]",
    )  # fmt: skip
    yield Option(["--platform"], metavar="OS/ARCH", help="Of which platform the image has to be.")
    yield Option(["-q", "--quiet"], is_flag=True, help="Do not show how the image is fetched.")
