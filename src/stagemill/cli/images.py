"""`stagemill images`: what the store has."""

from __future__ import annotations

import json
import time
from typing import TypeAlias

import click

from stagemill.cli import table
from stagemill.cli.command import examples
from stagemill.cli.environment import workplace
from stagemill.errors import StagemillError
from stagemill.execute import base
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image_index import identity, platforms, runnable
from stagemill.oci.reference import Reference
from stagemill.store.store import Store

Fact: TypeAlias = str | int | float | list[str] | None

_EXAMPLES = examples(
    {
        "stagemill images": "a table",
        "stagemill images --json": "for programs; sizes in bytes, times in seconds since 1970",
    }
)


@click.command("images", epilog=_EXAMPLES)
@click.option("-q", "--quiet", is_flag=True, help="Print digests only.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(*, quiet: bool, as_json: bool) -> None:
    """List the images in the local store. SIZE is that of the layers as they are shipped, compressed.

    An image of several platforms is one line, and its id is the digest of its index.
    """
    with workplace() as place:
        found = [
            _facts(place.store, name, descriptor, created) for name, descriptor, created in place.store.images.all()
        ]
    if as_json:
        print(json.dumps(found, indent=2))
    elif quiet:
        for identity in dict.fromkeys(row["id"] for row in found if row["id"]):
            print(identity)
    else:
        now = time.time()
        rows = [_row(fact, now) for fact in found]
        print(table.render(("REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"), rows, right=(4,)))


def _facts(store: Store, name: str, descriptor: Descriptor, created: float) -> dict[str, Fact]:
    fact: dict[str, Fact] = {"name": name, "digest": descriptor.digest, "created": created}
    try:
        item = base.read(store, descriptor)
    except (StagemillError, ValueError):
        return fact | {"id": None, "size": None, "platforms": []}
    layers = {layer.digest: layer.size for image in runnable(item) for layer in image.manifest.layers}
    times = [time for image in runnable(item) if (time := table.timestamp(image.config.created))]
    return fact | {
        "id": identity(item),
        "size": sum(layers.values()),
        "created": max(times, default=created),
        "platforms": [str(platform) for platform in platforms(item)],
    }


def _row(fact: dict[str, Fact], now: float) -> tuple[str, str, str, str, str]:
    reference = Reference.parse(str(fact["name"]))
    repository, _, tag = reference.familiar.rpartition(":") if reference.tag else (reference.familiar, "", "<none>")
    identity = str(fact["id"])[7:19] if fact["id"] else "<torn>"
    created = fact["created"]
    size = fact["size"]
    return (
        repository,
        tag,
        identity,
        table.age(created, now) if isinstance(created, float) else "",
        table.size(size) if isinstance(size, int) else "",
    )
