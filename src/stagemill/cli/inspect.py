"""`stagemill inspect`: an image as JSON."""

from __future__ import annotations

import json

import click

from stagemill.cli import naming
from stagemill.cli.command import examples
from stagemill.cli.environment import workplace
from stagemill.oci.image import Image
from stagemill.oci.reference import Reference


@click.command("inspect", epilog=examples({"stagemill inspect app | jq '.[0].Config.Env'": "one thing of it"}))
@click.argument("names", nargs=-1, required=True, metavar="IMAGE…")
def command(*, names: tuple[str, ...]) -> None:
    """Show images as JSON, with the keys of docker inspect that an image has without a daemon."""
    with workplace() as place:
        found = [naming.find(place.store, name) for name in names]
    print(json.dumps([describe(Reference.parse(name), image) for name, image in found], indent=4, ensure_ascii=False))


def describe(name: Reference, image: Image) -> dict[str, object]:
    """What is known of an image."""
    config = image.config
    platform = config.platform
    return {
        "Id": image.manifest.config.digest,
        "RepoTags": [name.familiar],
        "Descriptor": image.descriptor.to_json(),
        "Created": config.created,
        "Author": config.author,
        "Architecture": platform.architecture,
        "Variant": platform.variant,
        "Os": platform.os,
        "Size": sum(layer.size for layer in image.manifest.layers),
        "Config": config.config.to_json(),
        "RootFS": {"Type": "layers", "Layers": list(config.diff_ids)},
    }
