"""`stagemill load`: images out of an archive."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from stagemill.cli.frame.command import Command, examples
from stagemill.cli.frame.environment import workplace
from stagemill.cli.frame.near import near_path
from stagemill.cli.given import flags
from stagemill.errors import ArchiveError, UsageError
from stagemill.execute.importing import import_image
from stagemill.oci.image_index import identity
from stagemill.oci.reference import Reference
from stagemill.store.store import Store

_EXAMPLES = examples(
    {
        "stagemill load -i app.tar": "what docker save, skopeo or stagemill save wrote",
        "docker save app | stagemill load": "through a pipe",
        "stagemill load -t app:1 layout/": "the directory of an OCI layout, under a name of your own",
    }
)


@click.command("load", cls=Command, epilog=_EXAMPLES)
@click.argument("path", required=False, metavar="[PATH]")
@click.option("-i", "--input", "given", metavar="FILE", help="The archive, or the directory of an OCI layout.")
@click.option("-t", "--tag", metavar="NAME[:TAG]", help="Name the image; for an archive that has one image.")
@click.option("--platform", metavar="OS/ARCH", help="Only the image for this platform, where there are several.")
@click.option("-q", "--quiet", is_flag=True, help="Changes nothing: there is no progress to be hidden.")
def command(*, path: str | None, given: str | None, tag: str | None, platform: str | None, quiet: bool) -> None:
    """Take images from a docker archive, an OCI archive or an OCI layout into the local store.

    Without a file it reads standard input. An image of several platforms comes whole.
    """
    from stagemill.export.load import images

    del quiet
    if path and given:
        raise UsageError(f"two archives were named, {path} and {given}", hint="load one after the other")
    origin = "" if (given or path or "-") != "-" else "standard input"
    name = str(flags.reference(tag)) if tag else None
    wanted = flags.any_platform(platform) if platform else None
    with (
        workplace() as place,
        _archive(given or path, place.store) as location,
        place.store.scratch() as scratch,
        images(location, origin=origin, platform=wanted, scratch=scratch) as loaded,
    ):
        if name and len(loaded.images) != 1:
            raise UsageError(f"-t needs an archive of one image, and this one has {len(loaded.images)}")
        for item in loaded.images:
            import_image(place.store, item.image, loaded.blobs)
            names = (name,) if name else item.names
            for full in names:
                place.store.images.set(full, item.image.descriptor, time.time())
                print(f"Loaded image: {Reference.parse(full).familiar}")
            if not names:
                place.store.images.keep(item.image.descriptor, time.time())
                print(f"Loaded image ID: {identity(item.image)}")


@contextmanager
def _archive(path: str | None, store: Store) -> Iterator[Path]:
    if path and path != "-":
        if not os.path.lexists(path):
            raise ArchiveError(f"there is no file {path}", hint=near_path(Path(path)) or "check the path")
        yield Path(path)
        return
    if sys.stdin.isatty():
        raise UsageError("no archive: standard input is a terminal", hint="stagemill load -i FILE")
    with store.scratch() as scratch:
        location = scratch / "archive"
        with location.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file, 1 << 20)
        try:
            yield location
        except ArchiveError as error:  # a name of ours says nothing
            error.message = error.message.replace(os.fspath(location), "standard input")
            raise
