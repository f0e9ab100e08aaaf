"""`stagemill tag`: gives an image another name."""

from __future__ import annotations

import time

import click

from stagemill.cli import flags, naming
from stagemill.cli.command import examples
from stagemill.cli.environment import workplace


@click.command("tag", epilog=examples({"stagemill tag app registry.example/team/app:1.0": "a name for a registry"}))
@click.argument("source", metavar="IMAGE")
@click.argument("target", metavar="NAME[:TAG]")
def command(*, source: str, target: str) -> None:
    """Give an image another name. A name that another image had moves over."""
    name = str(flags.reference(target))
    with workplace() as place:
        _, image = naming.find(place.store, source)
        place.store.images.set(name, image.descriptor, time.time())
