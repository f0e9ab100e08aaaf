"""`stagemill push`: an image of the store to a registry."""

from __future__ import annotations

import sys
import time

import click

from stagemill.cli.frame import access
from stagemill.cli.frame.access import Access
from stagemill.cli.frame.command import Command, examples
from stagemill.cli.frame.environment import workplace
from stagemill.cli.frame.values import Values
from stagemill.cli.given import compressions, flags
from stagemill.cli.given.options import with_options
from stagemill.cli.named import naming
from stagemill.cli.progress import open_progress
from stagemill.execute.forms import Forms
from stagemill.execute.pushing import Pushing

_EXAMPLES = examples(
    {
        "stagemill push registry.example/team/app:1.0": "under the name that it has",
        "stagemill push app registry.example/team/app:1.0": "under another one",
        "stagemill push --compression-format zstd app registry.example/app": "with layers of zstd",
        "stagemill push --retry 9 --retry-delay 5s app registry.example/app": "to one that is often busy",
    }
)


@with_options((*compressions.options(force=False), *access.options()))
@click.command("push", cls=Command, epilog=_EXAMPLES)
@click.argument("name", metavar="IMAGE")
@click.argument("to", required=False, metavar="[NAME]")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but the digest.")
def command(*, name: str, to: str | None, quiet: bool, **given: object) -> None:
    """Send an image of the local store to the registry that its name says; an index with all of its images."""
    values = Values(given)
    packaging = compressions.packaging(values)
    wanted = flags.reference(to) if to else None
    with workplace() as place, open_progress("quiet" if quiet else "auto", sys.stderr) as listener:
        known, item = naming.find(place.store, name)
        target = wanted or flags.reference(known)
        place.access = Access.of(values, host=target.registry)
        forms = Forms(place.store, remote=place.remote)
        if packaging.compression:
            from stagemill.execute.repackaging import repackaged

            item = repackaged(item, packaging.compression, forms)
        pushing = Pushing(forms, place.destination, listener, time.time)
        pushing.push(item, [target])
    print(item.digest)
