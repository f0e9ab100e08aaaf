"""`manifest`, as docker, podman and buildah spell it: an index is made in the store, and sent when it is ready.

Source: docker-manifest(1), buildah-manifest(1). A name is that of an image of the store, or else of one in its registry.
"""

from __future__ import annotations

import json as json_module
import sys

import click

from stagemill.cli.docker.refused import Refusal, refusing
from stagemill.cli.frame import access
from stagemill.cli.frame.command import Command, examples
from stagemill.cli.frame.environment import Workplace, workplace
from stagemill.cli.frame.values import Values
from stagemill.cli.given import flags
from stagemill.cli.given.options import with_options
from stagemill.cli.index import changing, digest_of
from stagemill.cli.named import naming
from stagemill.cli.named.entries import Editing, find
from stagemill.cli.named.new_index import NewIndex
from stagemill.cli.named.places import reach
from stagemill.cli.progress import open_progress
from stagemill.digest import Digest
from stagemill.errors import NotFoundError, UsageError
from stagemill.places.address import REGISTRY, Address, InRegistry, InStore, is_address, parse
from stagemill.places.rewriting import Form

_INSECURE = Refusal(
    ("--insecure",),
    "it has another name here",
    "write --tls-verify=false, or insecure = true in config.toml",
    switch=True,
)
_VERBOSE = Refusal(("-v", "--verbose"), "it has a form of docker's own", "stagemill inspect --json IMAGE", switch=True)

_FORMATS: dict[str, Form] = {"oci": "oci", "v2s2": "docker"}


@click.group("manifest")
def command() -> None:
    """Make an index in the store, and send it: stagemill index create does both at once."""


@refusing([_INSECURE])
@with_options(access.options())
@command.command(
    "create",
    cls=Command,
    epilog=examples({"stagemill manifest create app registry.example/app:amd64 registry.example/app:arm64": ""}),
)
@click.argument("name", metavar="INDEX")
@click.argument("images", nargs=-1, metavar="[IMAGE…]")
@click.option("-a", "--amend", is_flag=True, help="Add to the index where there is one.")
@click.option("--all", "everything", is_flag=True, help="Changes nothing: of an index all images are taken.")
def create(*, name: str, images: tuple[str, ...], amend: bool, everything: bool, **given: object) -> None:
    """Make an index in the store, which may be filled later. Layers that a registry has stay there."""
    del everything
    with workplace() as place:
        tag = InStore(str(flags.reference(name)))
        there = place.store.images.get(tag.name) is not None
        if there and not amend:
            raise UsageError(f"there is an image {name} already", hint="add to it with --amend")
        new = NewIndex((tag,), tuple(_image(place, each) for each in images), append=there)
        print(_make(place, new, Values(given)))


@refusing([_INSECURE])
@with_options(access.options())
@command.command(
    "add", cls=Command, epilog=examples({"stagemill manifest add app registry.example/app:riscv64": "one more image"})
)
@click.argument("name", metavar="INDEX")
@click.argument("image")
@click.option("--all", "everything", is_flag=True, help="Changes nothing: of an index all images are taken.")
def add(*, name: str, image: str, everything: bool, **given: object) -> None:
    """Add an image to an index in the store, or all images of another index."""
    del everything
    with workplace() as place:
        found = _named(place, name)
        print(_make(place, NewIndex((InStore(found),), (_image(place, image),), append=True), Values(given)))


def _make(place: Workplace, new: NewIndex, values: Values) -> Digest:
    place.access = reach(values, new.addresses)
    with open_progress("quiet", sys.stderr) as listener:
        return new.make(place, listener).digest


def _named(place: Workplace, text: str) -> str:
    """The full name of an index of the store. Raises NotFoundError, and UsageError for an id."""
    name, _ = naming.locate(place.store, text)
    if not name:
        raise UsageError(f"{text} is an id", hint="give the name of the index")
    return name


def _digest_of(text: str, place: Workplace, values: Values) -> Digest:
    """The digest of what an image's name means. Raises StagemillError."""
    address = _image(place, text)
    place.access = reach(values, [address])
    return digest_of(str(address), place)


def _image(place: Workplace, text: str) -> Address:
    """One of the store, if it has it, else of a registry. Raises UsageError."""
    if is_address(text):
        return parse(text)
    try:
        naming.locate(place.store, text)
    except NotFoundError:
        return InRegistry(flags.reference(text))
    return InStore(text)


@with_options(access.options())
@command.command(
    "annotate",
    cls=Command,
    epilog=examples({"stagemill manifest annotate --arch arm --variant v6 app registry.example/app:armv6": ""}),
)
@click.argument("name", metavar="INDEX")
@click.argument("image")
@click.option("--os", "system", metavar="NAME", help="The operating system of the image.")
@click.option("--arch", metavar="NAME", help="Its architecture.")
@click.option("--variant", metavar="NAME", help="The variant of its architecture.")
@click.option("--os-version", metavar="VERSION", help="The version of its operating system.")
@click.option("--os-features", multiple=True, metavar="NAME", help="What it needs of its operating system.")
@click.option("--annotation", "texts", multiple=True, metavar="NAME=VALUE", help="Annotate the image's entry.")
def annotate(*, name: str, image: str, texts: tuple[str, ...], **given: object) -> None:
    """Change what an index in the store says of an image; it is stagemill index annotate."""
    values = Values(given)
    change = changing(values, texts, image=True)
    with workplace() as place, open_progress("quiet", sys.stderr) as listener:

        def named(text: str) -> Digest:
            return _digest_of(text, place, values)

        editing = Editing(place, listener, InStore(_named(place, name)))
        print(editing.edit(lambda node: change.applied(node, find(node, image, named=named))))


@with_options(access.options())
@command.command(
    "remove", cls=Command, epilog=examples({"stagemill manifest remove app linux/arm64": "and what was said about it"})
)
@click.argument("name", metavar="INDEX")
@click.argument("image")
def remove(*, name: str, image: str, **given: object) -> None:
    """Take an image out of an index in the store: by its digest, the beginning of that, its platform, or its name."""
    from stagemill.places.composing import without

    with workplace() as place, open_progress("quiet", sys.stderr) as listener:

        def named(text: str) -> Digest:
            return _digest_of(text, place, Values(given))

        editing = Editing(place, listener, InStore(_named(place, name)))
        print(editing.edit(lambda node: without(node, find(node, image, named=named))))


@refusing([_INSECURE, _VERBOSE])
@with_options(access.options())
@command.command("inspect", cls=Command, epilog=examples({"stagemill manifest inspect debian:12": "in its registry"}))
@click.argument("name", metavar="IMAGE")
def inspect(*, name: str, **given: object) -> None:
    """Print a manifest or an index as JSON: that of an image of the store, or else of one in its registry."""
    from stagemill.cli.named.sending import opened
    from stagemill.oci.descriptor import Descriptor
    from stagemill.places.copying import side

    with workplace() as place:
        address = _image(place, name)
        place.access = reach(Values(given), [address])
        with opened(address, place) as source, side(f"cannot read {address}"):
            data = source.read(Descriptor.from_json(source.top(None)))
    print(json_module.dumps(json_module.loads(data), indent=4, ensure_ascii=False))


@refusing([_INSECURE])
@with_options(access.options())
@command.command(
    "push",
    cls=Command,
    epilog=examples({"stagemill manifest push app registry.example/app:1": "with all images that are in it"}),
)
@click.argument("name", metavar="INDEX")
@click.argument("to", required=False, metavar="[NAME]")
@click.option("-p", "--purge", "--rm", is_flag=True, help="Take the name away here when it is sent.")
@click.option("--all", "everything", is_flag=True, help="Changes nothing: an index goes with all of its images.")
@click.option("-f", "--format", "form", type=click.Choice(["oci", "v2s2"]), help="The format of manifests there.")
@click.option("--digestfile", metavar="FILE", help="Write the digest of what is there to a file.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but the digest.")
def push(
    *,
    name: str,
    to: str | None,
    purge: bool,
    everything: bool,
    form: str | None,
    digestfile: str | None,
    quiet: bool,
    **given: object,
) -> None:
    """Send an index of the store to the registry that its name says; it is stagemill copy INDEX docker://NAME."""
    from stagemill.cli.copy import Copy, carry_out

    del everything
    with workplace() as place:
        found = _named(place, name)
        target = to or found
        place_there = parse(target if is_address(target) else f"{REGISTRY}{target}")
        wanted = Copy(InStore(found), (place_there,), form=_FORMATS[form] if form else None, digestfile=digestfile)
        place.access = reach(Values(given), wanted.destinations)
        print(carry_out(wanted, place, quiet=quiet))
        if purge:
            place.store.images.remove(found)


@command.command(
    "rm", cls=Command, epilog=examples({"stagemill manifest rm app": "the name goes, and so does the index"})
)
@click.argument("names", nargs=-1, required=True, metavar="INDEX…")
def rm(*, names: tuple[str, ...]) -> None:
    """Take the names of indexes away; images that have names of their own stay."""
    with workplace() as place:
        found = [_named(place, name) for name in names]
        for name in found:
            place.store.images.remove(name)
            print(f"Untagged: {flags.reference(name).familiar}")
