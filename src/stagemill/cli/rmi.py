"""`stagemill rmi`: takes images away, by name or by id."""

from __future__ import annotations

import click

from stagemill.cli.docker.refused import Refusal, refusing
from stagemill.cli.frame.command import Command, examples
from stagemill.cli.frame.environment import workplace
from stagemill.cli.named import naming
from stagemill.errors import NotFoundError, StagemillError, UsageError
from stagemill.oci.reference import Reference
from stagemill.store.store import Store

_EXAMPLES = examples(
    {
        "stagemill rmi app app:build": "two names at once",
        "stagemill rmi -f ab12cd34ef56": "an image by its id, with all of its names",
    }
)
_REMOTE = "docker://"


@refusing([Refusal(("--platform",), "an image is removed whole", "stagemill rmi IMAGE")])
@click.command("rmi", cls=Command, epilog=_EXAMPLES)
@click.argument("names", nargs=-1, required=True, metavar="IMAGE…")
@click.option(
    "-f", "--force", is_flag=True, help="Pass over what is not there, and by an id remove all names of the image."
)
@click.option("--no-prune", is_flag=True, help="Changes nothing: images here have no untagged parents to be removed.")
def command(*, names: tuple[str, ...], force: bool, no_prune: bool) -> None:
    """Remove names of images; an image goes with its last name. The layers stay, as a cache for later builds.

    By an id the image is removed with its name; one of several names needs --force.
    """
    del no_prune
    failure: StagemillError | None = None
    with workplace() as place:
        for text in names:
            try:
                _remove(place.store, text, force=force)
            except NotFoundError as error:
                failure = failure or (None if force else error)
            except _SeveralNamesError as error:
                failure = failure or error
    if failure:
        raise failure


class _SeveralNamesError(StagemillError):
    """An image cannot be removed by its id alone."""


def _remove(store: Store, text: str, *, force: bool) -> None:
    if text.startswith(_REMOTE):
        hint = f"stagemill delete {text.removeprefix(_REMOTE)} deletes it in its registry"
        raise UsageError(f"{text} is no image of the local store", hint=hint)
    name, item = naming.locate(store, text)
    if not name and len(item.names) > 1 and not force:
        tags = ", ".join(Reference.parse(other).familiar for other in item.names)
        hint = f"stagemill rmi -f removes all of its names; to take one away, give that: {tags}"
        raise _SeveralNamesError(f"cannot remove {text}: it has {len(item.names)} names", hint=hint)
    going = (name,) if name else item.names
    identity = item.identity(store)
    for one in going:
        store.images.remove(one)
        print(f"Untagged: {Reference.parse(one).familiar}")
    if len(going) == len(item.names):
        store.images.forget(item.descriptor.digest)
        print(f"Deleted: {identity}")
