"""`stagemill run`: a command in an image, thrown away afterwards."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import click

from stagemill.cli.container import mounts
from stagemill.cli.container.fetching import Wanted, image_of
from stagemill.cli.container.options import run_options
from stagemill.cli.container.ports import check_ports
from stagemill.cli.container.refusals import REFUSED
from stagemill.cli.container.settings import network, resources, rights
from stagemill.cli.container.variables import variables
from stagemill.cli.docker import compat
from stagemill.cli.docker.refused import refusing
from stagemill.cli.frame.command import Command, examples
from stagemill.cli.frame.environment import workplace
from stagemill.cli.frame.usage import told
from stagemill.cli.frame.values import Values
from stagemill.cli.given import every_run, flags
from stagemill.cli.given.every_run import Surroundings
from stagemill.cli.given.options import with_options
from stagemill.errors import CancelledError, StagemillError, UsageError
from stagemill.execute import base
from stagemill.execute.container import Launch, launch
from stagemill.execute.forms import Forms
from stagemill.execute.running import HOSTNAME
from stagemill.plan.request import EveryRun
from stagemill.sandbox.limits import Ulimit
from stagemill.sandbox.process import SHM_SIZE

FAILED = 125
"""The status where it is not the command that failed; 126 and 127 are those of one that cannot be run, or is not there."""

_EXAMPLES = examples(
    {
        "stagemill run app": "what the image's ENTRYPOINT and CMD say",
        "stagemill run app ls -l /": "another command",
        "stagemill run --rm -it app sh": "a shell",
        'stagemill run -v "$PWD:/src" -w /src app make': "with a directory of this machine",
        "stagemill run --network none --read-only app": "without network, changing nothing",
    }
)


@contextmanager
def _own_errors() -> Iterator[None]:
    """Gives what goes wrong before and around the command the status that docker has for it."""
    try:
        yield
    except CancelledError:
        raise
    except StagemillError as error:
        error.exit_code = FAILED
        raise
    except click.ClickException as error:
        wrong = told(error)
        wrong.exit_code = FAILED
        raise wrong from error


class RunCommand(Command):
    """Wrong usage has another status than with our other commands."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: object
    ) -> click.Context:
        with _own_errors():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> object:
        with _own_errors():
            return super().invoke(ctx)


@refusing(REFUSED)
@with_options([*run_options(), *compat.RUN.options()])
@click.command(
    "run",
    cls=RunCommand,
    epilog=_EXAMPLES,
    context_settings={"allow_interspersed_args": False, "help_option_names": ["--help"]},
)
@click.argument("image", metavar="IMAGE")
@click.argument("args", nargs=-1, metavar="[COMMAND…]", type=click.UNPROCESSED)
def command(**given: object) -> int:
    """Run a command in an image; what it changes is thrown away. The exit status is the command's, or 125 for an error."""
    values = Values(given)
    surroundings = replace(Surroundings.of(values), resources=resources(values))
    what = _launch(values, surroundings.every_run)
    _prepare_input(values)
    for note in (*compat.RUN.notes(values), *every_run.beyond(surroundings.every_run.ulimits, who="the command")):
        _tell(note)
    with workplace() as place:
        image = image_of(_wanted(values), place, tell=_tell)
        with place.services(host_ca=values.text("host_ca"), surroundings=surroundings) as services:
            forms = Forms(place.store, remote=place.remote)
            tree = base.tree(place.store, image.digest)
            return launch(what, tree, image.config, services=services, forms=forms)


def _wanted(values: Values) -> Wanted:
    platform = values.text("platform")
    return Wanted(
        values.text("image") or "",
        values.text("pull") or "missing",
        flags.any_platform(platform) if platform else None,
        quiet=values.flag("quiet"),
    )


def _launch(values: Values, every: EveryRun) -> Launch:
    """What is to be started. Raises UsageError before anything is done."""
    where = network(values.text("network") or "")
    check_ports(values.texts("publish"), where)
    entrypoint = values.text("entrypoint")
    devices = values.texts("device")
    return Launch(
        args=values.texts("args"),
        entrypoint=None if entrypoint is None else ((entrypoint,) if entrypoint else ()),
        env=variables(values.texts("env_file"), values.texts("env"), os.environ),
        cwd=values.text("workdir") or "",
        user=values.text("user") or "",
        groups=values.texts("group_add"),
        mounts=(
            *mounts.volumes(every.volumes),
            *map(mounts.mount, values.texts("mount")),
            *map(mounts.tmpfs, values.texts("tmpfs")),
            *(bind for text in devices if not mounts.is_name(text) for bind in mounts.device(text)),
        ),
        devices=tuple(filter(mounts.is_name, devices)),
        network=where,
        hostname=values.text("hostname") or HOSTNAME,
        hosts=flags.extra_hosts(values.texts("add_host")),
        tty=values.flag("tty"),
        ulimits=tuple(Ulimit(*limit) for limit in every.ulimits),
        shm_size=every.shm_size or SHM_SIZE,
        rights=rights(values, every.capabilities),
    )


def _prepare_input(values: Values) -> None:
    """The command reads standard input only where it is asked to, or where that is the terminal that it gets."""
    interactive, tty, terminal = values.flag("interactive"), values.flag("tty"), sys.stdin.isatty()
    if interactive and tty and not terminal:
        raise UsageError("-it needs a terminal, and standard input is none", hint="leave out -t, or -i")
    if not interactive and not (tty and terminal):
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)


def _tell(text: str) -> None:
    sys.stderr.write(f"note: {text}\n")
    sys.stderr.flush()
