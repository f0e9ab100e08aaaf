"""`stagemill push`: an image of the store to a registry."""

from __future__ import annotations

import sys
import time

import click

from stagemill.cli import flags, naming
from stagemill.cli.command import examples
from stagemill.cli.environment import workplace
from stagemill.cli.progress import open_progress
from stagemill.execute.forms import Forms
from stagemill.execute.pushing import Pushing

_EXAMPLES = examples(
    {
        "stagemill push registry.example/team/app:1.0": "under the name that it has",
        "stagemill push app registry.example/team/app:1.0": "under another one",
    }
)


@click.command("push", epilog=_EXAMPLES)
@click.argument("name", metavar="IMAGE")
@click.argument("to", required=False, metavar="[NAME]")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but the digest.")
def command(*, name: str, to: str | None, quiet: bool) -> None:
    """Send an image of the local store to the registry that its name says; an index with all of its images."""
    wanted = flags.reference(to) if to else None
    with workplace() as place, open_progress("quiet" if quiet else "auto", sys.stderr) as listener:
        known, item = naming.find(place.store, name)
        forms = Forms(place.store, remote=place.remote)
        pushing = Pushing(forms, place.destination, listener, time.time)
        pushing.push(item, [wanted or flags.reference(known)])
    print(item.digest)
