"""`stagemill save`: images as an archive."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import BinaryIO

import click

from stagemill.cli.frame.command import Command, examples
from stagemill.cli.frame.environment import workplace
from stagemill.cli.given import flags
from stagemill.cli.named import naming
from stagemill.cli.results.exports import replacing
from stagemill.errors import UsageError
from stagemill.execute.forms import Forms
from stagemill.execute.shipping import StoredBlobs
from stagemill.oci.image_index import AnyImage

_EXAMPLES = examples(
    {
        "stagemill save -o app.tar app": "for docker load and podman load",
        "stagemill save app | docker load": "through a pipe",
        "stagemill save --format oci -o app.tar app": "an OCI layout and nothing else",
        "stagemill save --platform linux/arm64 -o app.tar app": "one image of several",
    }
)


@click.command("save", cls=Command, epilog=_EXAMPLES)
@click.argument("names", nargs=-1, required=True, metavar="IMAGE…")
@click.option("-o", "--output", metavar="FILE", help="Where to write; standard output unless given.")
@click.option("--platform", metavar="OS/ARCH", help="Only its image for this platform, of an image that has several.")
@click.option(
    "--format", "form", type=click.Choice(["docker", "oci"]), default="docker", help="The form of the archive. [docker]"
)
def command(*, names: tuple[str, ...], output: str | None, platform: str | None, form: str) -> None:
    """Write images to an archive. The docker form is loaded by docker, podman and skopeo, and is an OCI layout too.

    An image of several platforms goes into the layout whole; docker's own part of the archive has that of this machine.
    A name without a tag stands for all tags that it has. An image that is given by its id has no name in the archive.
    """
    if output is None and sys.stdout.isatty():
        raise UsageError("refusing to write an archive to the terminal", hint="use -o FILE, or a pipe")
    wanted = flags.any_platform(platform) if platform else None
    with workplace() as place:
        each = [full for name in names for full in naming.tags(place.store, name) or [name]]
        found: list[tuple[str, AnyImage]] = [
            naming.find_image(place.store, name, wanted) if wanted else naming.find(place.store, name) for name in each
        ]
        blobs = StoredBlobs(Forms(place.store, remote=place.remote))

        def write(out: BinaryIO) -> None:
            from stagemill.export import docker, oci

            images = [(image, [name] if name else []) for name, image in found]
            if form == "oci":
                oci.oci_archives(images, blobs, out=out)
            else:
                docker.docker_archives(images, blobs, out=out)

        if output is None:
            write(sys.stdout.buffer)
        else:
            with replacing(Path(output)) as file:
                write(file)
