"""`stagemill delete`: takes images away from a registry; `rmi` is for those of the local store."""

from __future__ import annotations

import click

from stagemill.cli.frame import access
from stagemill.cli.frame.access import Access
from stagemill.cli.frame.command import Command, examples
from stagemill.cli.frame.values import Values
from stagemill.cli.given import flags
from stagemill.cli.given.options import with_options

_EXAMPLES = examples(
    {
        "stagemill delete registry.example/team/app:1.0": "a tag",
        "stagemill delete registry.example/team/app@sha256:…": "with all of its tags",
    }
)


@with_options(access.options())
@click.command("delete", cls=Command, epilog=_EXAMPLES)
@click.argument("name", metavar="IMAGE")
def command(*, name: str, **given: object) -> None:
    """Delete an image from its registry: by tag that tag alone, by digest the image with all of its tags.

    A registry that cannot delete a tag alone deletes the image, unless it has other tags. The room of its layers is free
    when the registry next collects its garbage.
    """
    reference = flags.reference(name.removeprefix("docker://"))
    with access.client(Access.of(Values(given), host=reference.registry)) as client:
        gone = client.delete(reference)
    print(f"{'Untagged' if gone == 'tag' else 'Deleted'}: {reference.familiar}")
