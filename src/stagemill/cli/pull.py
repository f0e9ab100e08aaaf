"""`stagemill pull`: an image out of a registry."""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import click

from stagemill.cli.docker.refused import Refusal, refusing
from stagemill.cli.frame import access
from stagemill.cli.frame.access import Access
from stagemill.cli.frame.command import Command, examples
from stagemill.cli.frame.environment import Workplace, workplace
from stagemill.cli.frame.values import Values
from stagemill.cli.given import flags
from stagemill.cli.given.options import with_options
from stagemill.cli.progress import open_progress
from stagemill.errors import CorruptError, RegistryError, UsageError
from stagemill.events import Listener, Notice
from stagemill.execute import base
from stagemill.execute.forms import Forms
from stagemill.execute.pulling import pull
from stagemill.oci.image import Image
from stagemill.oci.image_index import AnyImage
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference

_EXAMPLES = examples(
    {
        "stagemill pull debian:bookworm-slim": "from docker.io",
        "stagemill pull registry.example:5000/team/app:1.0": "from another registry",
        "stagemill pull --tls-verify=false box.example/app": "from one whose certificate nobody knows",
    }
)


@refusing([Refusal(("--disable-content-trust",), "signatures are not verified", "leave it out", default_on=True)])
@with_options(access.options())
@click.command("pull", cls=Command, epilog=_EXAMPLES)
@click.argument("name", metavar="IMAGE")
@click.option("--platform", default=None, metavar="OS/ARCH", help="Which of its images; this machine's unless given.")
@click.option("-a", "--all-tags", is_flag=True, help="Fetch all tags that the registry has of the repository.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but the name.")
def command(*, name: str, platform: str | None, all_tags: bool, quiet: bool, **given: object) -> None:
    """Fetch an image from a registry, all layers of it, into the local store.

    What is said of it comes along where its name stands for it alone; of an index of several platforms it is the image.
    """
    reference = flags.reference(name)
    if all_tags and not flags.is_repository(name):
        repository = Reference(reference.registry, reference.repository).familiar
        raise UsageError("a tag cannot be used with --all-tags", hint=f"write stagemill pull -a {repository}")
    wanted = flags.any_platform(platform) if platform else Platform.local()
    way = Access.of(Values(given), host=reference.registry)
    with workplace() as place, open_progress("quiet" if quiet else "auto", sys.stderr) as listener:
        place.access = way
        tags = place.registry.tags(reference) if all_tags else (reference.tag,)
        for tag in tags:
            fetch(replace(reference, tag=tag), wanted, place=place, listener=listener)
    print(*(replace(reference, tag=tag).familiar for tag in tags), sep="\n")


def fetch(reference: Reference, platform: Platform, *, place: Workplace, listener: Listener) -> Image:
    """The image, which the store has afterwards, under its name and with all of its layers, and with what is said of it."""
    store = place.store
    image = place.registry.resolve(reference, platform, shelf=store.blobs)
    item = _with_what_is_said(reference, image, place=place, listener=listener)
    base.remember_all(store, item, reference=str(reference))
    forms = Forms(store, remote=place.remote)
    pull(item, forms, reference=str(reference), listener=listener, clock=time.time)
    store.images.set(str(reference), item.descriptor, time.time())
    return image


def _with_what_is_said(reference: Reference, image: Image, *, place: Workplace, listener: Listener) -> AnyImage:
    """The index that the image is in with what is said of it; the image alone where there is nothing, or it cannot be had."""
    try:
        return place.registry.whole(reference, image, shelf=place.store.blobs)
    except (CorruptError, RegistryError) as error:
        text = f"{reference.familiar} comes without what is said of it: {error.message}"
        listener(Notice(text, time.time()))
        return image
