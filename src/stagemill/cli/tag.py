"""`stagemill tag`: gives an image another name."""

from __future__ import annotations

import time

import click

from stagemill.cli.frame.command import Command, examples
from stagemill.cli.frame.environment import workplace
from stagemill.cli.given import flags
from stagemill.cli.named import naming
from stagemill.errors import UsageError

_EXAMPLES = examples(
    {
        "stagemill tag app registry.example/team/app:1.0": "a name for a registry",
        "stagemill tag ab12cd34ef56 app:old": "an image by its id",
    }
)


@click.command("tag", cls=Command, epilog=_EXAMPLES)
@click.argument("source", metavar="IMAGE")
@click.argument("target", metavar="NAME[:TAG]")
def command(*, source: str, target: str) -> None:
    """Give an image another name. A name that another image had moves over."""
    name = flags.reference(target)
    if name.digest:
        raise UsageError(f"{target} is no name to give: it has a digest", hint="write NAME or NAME:TAG")
    with workplace() as place:
        _, item = naming.find(place.store, source)
        place.store.images.set(str(name), item.descriptor, time.time())
