"""`stagemill run`: a command in an image, thrown away afterwards."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from stagemill.cli import flags, naming, options
from stagemill.cli.command import Command, examples
from stagemill.cli.environment import Workplace, workplace
from stagemill.cli.progress import open_progress
from stagemill.cli.pull import fetch
from stagemill.errors import NotFoundError, UsageError
from stagemill.execute import base
from stagemill.execute.container import Launch, environment, launch
from stagemill.execute.forms import Forms
from stagemill.oci.image import Image
from stagemill.oci.platform import Platform
from stagemill.sandbox.process import Bind

_EXAMPLES = examples(
    {
        "stagemill run app": "what the image's ENTRYPOINT and CMD say",
        "stagemill run app ls -l /": "another command",
        "stagemill run -it app sh": "a shell",
        'stagemill run -v "$PWD:/src" -w /src app make': "with a directory of this machine",
    }
)


@options.with_host_ca("Let the command trust this machine's CA certificates (or FILE's).")
@click.command("run", cls=Command, epilog=_EXAMPLES, context_settings={"allow_interspersed_args": False})
@click.argument("image", metavar="IMAGE")
@click.argument("args", nargs=-1, metavar="[COMMAND…]", type=click.UNPROCESSED)
@click.option("-i", "--interactive", is_flag=True, help="Hand standard input on to the command.")
@click.option("-t", "--tty", is_flag=True, help="Give the command a terminal; -it for a shell.")
@click.option("--entrypoint", metavar="PROGRAM", help="Start this instead of the image's ENTRYPOINT.")
@click.option("-e", "--env", multiple=True, metavar="NAME[=VALUE]", help="Set a variable, or take it over from here.")
@click.option(
    "-v", "--volume", multiple=True, metavar="SOURCE:TARGET[:ro]", help="Show it a file or directory of this machine."
)
@click.option("-w", "--workdir", default="", metavar="PATH", help="Where it starts; the image's WORKDIR unless given.")
@click.option("-u", "--user", default="", metavar="USER[:GROUP]", help="Who it is; the image's USER unless given.")
@click.option(
    "--network", type=click.Choice(["host", "none"]), default="host", help="This machine's network, or none. [host]"
)
@click.option("--platform", metavar="OS/ARCH", help="Which image of several; this machine's unless given.")
@click.option("--rm", is_flag=True, help="Changes nothing: what the command leaves is always removed.")
def command(
    *,
    image: str,
    args: tuple[str, ...],
    interactive: bool,
    tty: bool,
    entrypoint: str | None,
    env: tuple[str, ...],
    volume: tuple[str, ...],
    workdir: str,
    user: str,
    network: str,
    host_ca: str | None,
    platform: str | None,
    rm: bool,
) -> int:
    """Run a command in an image; what it changes is thrown away. The exit status is the command's."""
    del rm
    if tty and not sys.stdin.isatty():
        raise UsageError("-t needs a terminal, and standard input is none", hint="leave out -t")
    what = Launch(
        args=args,
        entrypoint=None if entrypoint is None else ((entrypoint,) if entrypoint else ()),
        env=environment(env, dict(os.environ)),
        cwd=workdir,
        user=user,
        binds=tuple(map(bind, volume)),
        network="none" if network == "none" else "host",
        tty=tty,
    )
    if not interactive and not tty:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    with workplace() as place:
        found = image_of(image, place, flags.any_platform(platform) if platform else None)
        with place.services(host_ca=host_ca) as services:
            forms = Forms(place.store, remote=place.remote)
            tree = base.tree(place.store, found.digest)
            return launch(what, tree, found.config, services=services, forms=forms)


def bind(text: str) -> Bind:
    """`source:target[:ro|rw]`; the source is made absolute."""
    parts = text.split(":")
    hint = "write -v /path/here:/path/inside, or …:ro"
    if len(parts) not in {2, 3} or not parts[1].startswith("/") or parts[2:] not in ([], ["ro"], ["rw"]):
        raise UsageError(f"invalid --volume {text!r}", hint=hint)
    source = Path(parts[0]).absolute()
    if not source.exists():
        raise UsageError(f"invalid --volume {text!r}: there is no {source}", hint=hint)
    return Bind(source, parts[1], read_only=parts[2:] == ["ro"])


def image_of(name: str, place: Workplace, platform: Platform | None = None) -> Image:
    """The image of the store; one that is not there is fetched. Without a platform it is this machine's, or the only one."""
    try:
        return naming.find_image(place.store, name, platform)[1]
    except NotFoundError as missing:
        reference = flags.reference(name)
        try:
            with open_progress("auto", sys.stderr) as listener:
                return fetch(reference, platform or Platform.local(), place=place, listener=listener)
        except NotFoundError:
            raise missing from None
