"""`stagemill shell`: a look into the tree of a stage."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from dataclasses import replace

import click

from stagemill.build import Built
from stagemill.cli.container import shells
from stagemill.cli.frame.command import Command, examples
from stagemill.cli.frame.environment import workplace
from stagemill.cli.frame.values import Values
from stagemill.cli.given.options import add_build_options
from stagemill.cli.making.building import BuildFlags, reading
from stagemill.cli.making.single import building
from stagemill.cli.progress import open_progress
from stagemill.errors import StagemillError
from stagemill.execute.container import Launch, has_program, launch
from stagemill.sandbox.process import Bind

_EXAMPLES = examples(
    {
        "stagemill shell --target builder .": "a shell in the stage named builder",
        "stagemill shell --target builder -c 'ls -l dist' .": "one command, and out again",
        "stagemill shell --busybox .": "a stage FROM scratch",
    }
)


@add_build_options
@click.command("shell", cls=Command, epilog=_EXAMPLES)
@click.option("--busybox", is_flag=True, help="Use this machine's static busybox, for a stage that has no shell.")
@click.option("-c", "script", metavar="COMMAND", help="Run a command instead of an interactive shell.")
@click.option("-u", "--user", default="", metavar="USER[:GROUP]", help="Who to be; the stage's USER unless given.")
def command(**given: object) -> int:
    """Build up to a stage and open a shell in its tree, with its environment; changes are thrown away."""
    values = Values(given)
    flags = BuildFlags.of(values, os.environ)
    with workplace() as place, ExitStack() as stack:
        with open_progress(flags.progress, sys.stderr) as listener:  # the terminal is the shell's after it
            inputs = stack.enter_context(reading(flags, place=place, listener=listener))
            built = stack.enter_context(building(flags, inputs, place=place, listener=listener))
        return _open(built, values)


def _open(built: Built, values: Values) -> int:
    stage = built.plan.target
    tree = built.tree(stage)
    script = values.text("script")
    shell, binds = _shell(built, busybox=values.flag("busybox"))
    what = Launch(
        args=("-c", script) if script is not None else (),
        entrypoint=shell,
        env=tuple(stage.scope.values.items()),
        user=values.text("user") or "",
        mounts=binds,
        tty=sys.stdin.isatty() and sys.stdout.isatty(),
    )
    return launch(what, tree, replace(stage.image, platform=stage.platform), services=built.services, forms=built.forms)


def _shell(built: Built, *, busybox: bool) -> tuple[tuple[str, ...], tuple[Bind, ...]]:
    """The shell to start, and what it needs that the stage does not have."""
    own = shells.busybox()
    if busybox:
        if own is None:
            raise StagemillError("this machine has no busybox", hint=f"install it: {shells.INSTALL}")
        return own
    view = built.forms.view(built.tree(built.plan.target))
    if not has_program(view, "/bin/sh"):
        title = built.plan.target.title
        hint = "stagemill shell --busybox brings this machine's static busybox along"
        if own is None:
            hint += f"; install it first: {shells.INSTALL}"
        raise StagemillError(f"the stage {title} has no /bin/sh", hint=hint)
    return ("/bin/sh",), ()
