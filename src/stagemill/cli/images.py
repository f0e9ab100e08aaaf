"""`stagemill images`: what the store has."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import click

from stagemill.cli.docker.refused import Refusal, refusing
from stagemill.cli.frame import table
from stagemill.cli.frame.command import Command, examples
from stagemill.cli.frame.environment import workplace
from stagemill.cli.listing.filters import ImageFilters
from stagemill.cli.listing.form import Form
from stagemill.cli.named import kept, naming
from stagemill.cli.named.kept import Kept
from stagemill.errors import UsageError
from stagemill.oci.image_index import AnyImage, identity, platforms
from stagemill.oci.reference import Reference
from stagemill.store.store import Store
from stagemill.values import dataclass

_EXAMPLES = examples(
    {
        "stagemill images": "a table",
        "stagemill images -q -f dangling=true": "the ids of images that have no name",
        "stagemill images --format '{{.Tag}} {{.Size}}' app": "lines of your own, of one repository",
        "stagemill images --json": "sizes in bytes, times in seconds since 1970",
    }
)
_DEFAULT = "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}"
_DIGESTS = "{{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}"
_HEADS = {
    "Containers": "CONTAINERS", "CreatedAt": "CREATED AT", "CreatedSince": "CREATED", "Digest": "DIGEST",
    "ID": "IMAGE ID", "Repository": "REPOSITORY", "SharedSize": "SHARED SIZE", "Size": "SIZE", "Tag": "TAG",
    "UniqueSize": "UNIQUE SIZE", "VirtualSize": "SIZE",
}  # fmt: skip
_NONE = "<none>"
_TORN = "<torn>"
_UNKNOWN = "N/A"


@refusing(
    [Refusal(("--tree",), "it is an experiment of docker's", "stagemill images, or stagemill inspect", switch=True)]
)
@click.command("images", cls=Command, epilog=_EXAMPLES)
@click.argument("name", required=False, metavar="[REPOSITORY[:TAG]]")
@click.option(
    "-a", "--all", "everything", is_flag=True, help="Changes nothing: there are no intermediate images to hide."
)
@click.option("-q", "--quiet", is_flag=True, help="Print ids only, each once.")
@click.option("--no-trunc", is_flag=True, help="Print ids whole.")
@click.option("--digests", is_flag=True, help="Show the digests of manifests too.")
@click.option(
    "-f", "--filter", "filters", multiple=True, metavar="KEY=VALUE",
    help="Show some only: reference=PATTERN, dangling=true|false, label=NAME[=VALUE], before=IMAGE, since=IMAGE, until=TIME.",
)  # fmt: skip
@click.option(
    "--format", "form", default="", metavar="TEMPLATE",
    help="Print a Go template for each, a table of one ('table TEMPLATE'), or json: .ID .Repository .Tag .Digest "
    ".CreatedSince .CreatedAt .Size.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    *,
    name: str | None,
    everything: bool,
    quiet: bool,
    no_trunc: bool,
    digests: bool,
    filters: tuple[str, ...],
    form: str,
    as_json: bool,
) -> None:
    """List the images in the local store, the newest first; of one repository where it is named.

    SIZE is that of the layers as they are shipped, compressed. An image of several platforms is one line, and its id is the
    digest of its index.
    """
    del everything
    wanted = Form.parse(form, default=_DIGESTS if digests else _DEFAULT)
    if form and (quiet or as_json):
        raise UsageError(f"--format and {'--quiet' if quiet else '--json'} exclude each other", hint="leave one out")
    now = time.time()
    with workplace() as place:
        store = place.store
        patterns = (*filters, *([f"reference={name}"] if name else []))
        chosen = ImageFilters.parse(patterns, created=lambda text: _created(store, text), now=now)
        rows = sorted(_rows(store, chosen), key=lambda row: (-row.created, row.name or "~"))
    if as_json:
        print(json.dumps([row.facts() for row in rows], indent=2))
    elif quiet:
        for one in dict.fromkeys(row.identity(whole=no_trunc) for row in rows if row.image):
            print(one)
    else:
        sys.stdout.write(wanted.printed([row.fields(now, whole=no_trunc) for row in rows], _HEADS))


def _created(store: Store, text: str) -> float:
    _, item = naming.find(store, text)
    return kept.created(item) or 0.0


def _rows(store: Store, filters: ImageFilters) -> Iterator[_Row]:
    """One for each name that is to be shown; an image without a name has one too."""
    for item in kept.everything(store):
        image = item.read(store)
        names = filters.names(item.names)
        if filters.takes(image, item.names) and (names or not filters.references):
            yield from (_Row(item, image, name) for name in names or [""])


@dataclass(frozen=True, slots=True)
class _Row:
    """A name of an image, empty where it has none; `image` is None where it is torn."""

    item: Kept
    image: AnyImage | None
    name: str

    @property
    def created(self) -> float:
        return (kept.created(self.image) if self.image else None) or self.item.given

    def identity(self, *, whole: bool) -> str:
        if self.image is None:
            return _TORN
        found = identity(self.image)
        return found if whole else found.short

    def facts(self) -> dict[str, str | float | list[str] | None]:
        return {
            "name": self.name or None,
            "digest": self.item.descriptor.digest,
            "created": self.created,
            "id": identity(self.image) if self.image else None,
            "size": kept.size(self.image) if self.image else None,
            "platforms": [str(platform) for platform in platforms(self.image)] if self.image else [],
        }

    def fields(self, now: float, *, whole: bool) -> dict[str, str]:
        """What docker's templates know of it. Nobody counts what images share here."""
        reference = Reference.parse(self.name) if self.name else None
        size = table.tight(kept.size(self.image)) if self.image else _UNKNOWN
        at = datetime.fromtimestamp(self.created, UTC).astimezone()
        return {
            "Containers": _UNKNOWN,
            "CreatedAt": at.strftime("%Y-%m-%d %H:%M:%S %z %Z"),
            "CreatedSince": table.age(self.created, now),
            "Digest": self.item.descriptor.digest if reference else _NONE,
            "ID": self.identity(whole=whole),
            "Repository": kept.repository(reference) if reference else _NONE,
            "SharedSize": _UNKNOWN,
            "Size": size,
            "Tag": (reference.tag if reference else "") or _NONE,
            "UniqueSize": _UNKNOWN,
            "VirtualSize": size,
        }
