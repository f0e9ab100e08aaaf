"""`stagemill inspect`: an image as JSON."""

from __future__ import annotations

import json

import click

from stagemill.cli import flags, naming
from stagemill.cli.command import examples
from stagemill.cli.environment import workplace
from stagemill.oci.image import Image
from stagemill.oci.image_index import AnyImage, ImageIndex
from stagemill.oci.reference import Reference


@click.command("inspect", epilog=examples({"stagemill inspect app | jq '.[0].Config.Env'": "one thing of it"}))
@click.argument("names", nargs=-1, required=True, metavar="IMAGE…")
@click.option("--platform", metavar="OS/ARCH", help="Which image of several; this machine's unless given.")
def command(*, names: tuple[str, ...], platform: str | None) -> None:
    """Show images as JSON, with the keys of docker inspect that an image has without a daemon.

    Of an image of several platforms it is one of them, and Manifests lists them all.
    """
    wanted = flags.any_platform(platform) if platform else None
    with workplace() as place:
        found = [(*naming.find_image(place.store, name, wanted), naming.find(place.store, name)[1]) for name in names]
    rows = [describe(Reference.parse(name), image, item) for name, image, item in found]
    print(json.dumps(rows, indent=4, ensure_ascii=False))


def describe(name: Reference, image: Image, item: AnyImage) -> dict[str, object]:
    """What is known of an image, and of the index that it is in, if it is in one."""
    if isinstance(item, ImageIndex):
        manifests = [entry.to_json() for entry in item.index.manifests]
        whole = {"Id": item.digest, "Descriptor": item.descriptor.to_json(), "Manifests": manifests}
        return {**describe(name, image, image), **whole}
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
