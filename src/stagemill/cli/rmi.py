"""`stagemill rmi`: takes names away."""

from __future__ import annotations

import click

from stagemill.cli import naming
from stagemill.cli.command import examples
from stagemill.cli.environment import workplace
from stagemill.errors import NotFoundError
from stagemill.oci.reference import Reference


@click.command("rmi", epilog=examples({"stagemill rmi app app:build": "two names at once"}))
@click.argument("names", nargs=-1, required=True, metavar="IMAGE…")
@click.option("-f", "--force", is_flag=True, help="Pass over names that are not there.")
def command(*, names: tuple[str, ...], force: bool) -> None:
    """Remove names of images. Their layers stay, as a cache for later builds."""
    missing: NotFoundError | None = None
    with workplace() as place:
        for text in names:
            try:
                name, _ = naming.locate(place.store, text)
            except NotFoundError as error:
                missing = missing or error
                continue
            place.store.images.remove(name)
            print(f"Untagged: {Reference.parse(name).familiar}")
    if missing and not force:
        raise missing
