"""`stagemill index`: indexes, which name an image for each of several platforms."""

from __future__ import annotations

import sys

import click

from stagemill.cli.frame import access
from stagemill.cli.frame.command import Command, examples
from stagemill.cli.frame.environment import Workplace, workplace
from stagemill.cli.frame.values import Values
from stagemill.cli.given import flags
from stagemill.cli.given.options import with_options
from stagemill.cli.inspection.flags import inspecting, shown
from stagemill.cli.named.entries import Change, Editing, find
from stagemill.cli.named.new_index import NewIndex, called, creating, placed_annotations
from stagemill.cli.progress import open_progress
from stagemill.digest import Digest
from stagemill.errors import UsageError
from stagemill.oci import document as json
from stagemill.oci.descriptor import Descriptor

_CREATE = examples(
    {
        "stagemill index create -t docker://r.example/app:1 app-amd64 app-arm64": "for a registry",
        "stagemill index create -t app oci:amd64 docker://r.example/app:arm64": "in the local store",
        "stagemill index create --append -t docker://r.example/app:1 riscv": "one more image",
        "stagemill index create --dry-run -p linux/arm64 docker://debian:12": "what it would be",
    }
)
_ANNOTATE = examples(
    {
        "stagemill index annotate --variant v6 app sha256:3f2a": "what an image is for",
        "stagemill index annotate --annotation note=slow app linux/arm64": "its entry",
        "stagemill index annotate --annotation index:title=App oci:layout:1": "the index itself",
    }
)
_INSPECT = examples(
    {
        "stagemill index inspect docker://debian:12": "its platforms, sizes and attestations",
        "stagemill index inspect --raw app": "as it is",
    }
)


@click.group("index")
def command() -> None:
    """Make indexes of images that are anywhere, change and show them. Names are those of stagemill copy --help."""


@creating
@command.command("create", cls=Command, epilog=_CREATE)
def create(**given: object) -> None:
    """Make an index of images, and send it with all that it names to where its names say.

    What is an index already gives all of its images, and what was said about them. One index alone is copied as it is.
    Layers that a registry has stay there where the index is kept in the local store.
    """
    from stagemill.places.address import parse

    values = Values(given)
    called(NewIndex.of(values, parse), values)


@with_options(access.options())
@command.command("annotate", cls=Command, epilog=_ANNOTATE)
@click.argument("name", metavar="INDEX")
@click.argument("image", required=False, metavar="[IMAGE]")
@click.option("--os", "system", metavar="NAME", help="The operating system of the image.")
@click.option("--arch", metavar="NAME", help="Its architecture.")
@click.option("--variant", metavar="NAME", help="The variant of its architecture.")
@click.option("--os-version", metavar="VERSION", help="The version of its operating system.")
@click.option("--os-features", multiple=True, metavar="NAME", help="What it needs of its operating system.")
@click.option(
    "--annotation", "texts", multiple=True, metavar="[PLACE:]NAME=VALUE",
    help="Annotate the image's entry; or index, manifest[PLATFORM], manifest-descriptor[PLATFORM].",
)  # fmt: skip
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but the digest.")
def annotate(*, name: str, image: str | None, texts: tuple[str, ...], quiet: bool, **given: object) -> None:
    """Change what an index says of an image in it, or of itself. It is written where it was, under the same name.

    The image is meant by its digest, the beginning of that, its platform, or a name that it has elsewhere.
    """
    from stagemill.cli.named.places import reach
    from stagemill.places.address import parse

    values, address = Values(given), parse(name)
    change = changing(values, texts, image=bool(image))
    with workplace() as place, open_progress("quiet" if quiet else "auto", sys.stderr) as listener:
        place.access = reach(values, [address])

        def named(text: str) -> Digest:
            return digest_of(text, place)

        digest = Editing(place, listener, address).edit(
            lambda node: change.applied(node, find(node, image, named=named) if image else None)
        )
    print(digest)


def changing(values: Values, texts: tuple[str, ...], *, image: bool) -> Change:
    """What flags change. An annotation that names no place is the image's entry's. Raises UsageError."""
    pairs = {"os": "system", "architecture": "arch", "variant": "variant", "os.version": "os_version"}
    platform: dict[str, json.Json] = {key: text for key, name in pairs.items() if (text := values.text(name))}
    if features := values.texts("os_features"):
        platform["os.features"] = list(features)
    placed = [text for text in texts if ":" in text.partition("=")[0]]
    own = [text for text in texts if text not in placed]
    if (platform or own) and not image:
        raise UsageError("it is not said which image of the index is meant", hint="name its digest or its platform")
    if not (platform or texts):
        raise UsageError("there is nothing to be changed", hint="give --annotation, --os, --arch or --variant")
    return Change(platform, flags.labels(own, "--annotation"), placed_annotations(placed))


def digest_of(text: str, place: Workplace) -> Digest:
    """The digest of what an image's name means. Raises StagemillError."""
    from stagemill.cli.named.sending import opened
    from stagemill.places.address import parse
    from stagemill.places.copying import side

    with opened(address := parse(text), place) as source, side(f"cannot read {address}"):
        return Descriptor.from_json(source.top(None)).digest


@inspecting
@command.command("inspect", cls=Command, epilog=_INSPECT)
@click.argument("names", nargs=-1, required=True, metavar="INDEX…")
def inspect(*, names: tuple[str, ...], **given: object) -> None:
    """Show indexes with the images that are in them, as stagemill inspect does."""
    shown(names, Values(given))
