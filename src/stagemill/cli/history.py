"""`stagemill history`: the instructions that made an image."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime

import click

from stagemill.cli.frame import table
from stagemill.cli.frame.command import AttachedOption, Command, examples, truth
from stagemill.cli.frame.environment import workplace
from stagemill.cli.given import flags
from stagemill.cli.given.options import with_options
from stagemill.cli.listing.form import Form
from stagemill.cli.named import naming
from stagemill.errors import UsageError
from stagemill.oci.image import Image
from stagemill.template.values import Value

_EXAMPLES = examples(
    {
        "stagemill history app": "a table",
        "stagemill history --no-trunc --format '{{.CreatedBy}}' app": "every instruction, whole",
        "stagemill history --json app": "for programs; sizes in bytes",
    }
)
_WIDTH = 45
_HUMAN = "{{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}"
_EXACT = "{{.ID}}\t{{.CreatedAt}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}"
_HEADS = {
    "Comment": "COMMENT", "CreatedAt": "CREATED AT", "CreatedBy": "CREATED BY", "CreatedSince": "CREATED",
    "ID": "IMAGE", "Size": "SIZE",
}  # fmt: skip
_MISSING = "<missing>"
_UNKNOWN = "N/A"


@with_options(
    [
        AttachedOption(
            "-H", "--human", alone="true", metavar="BOOL",
            text="Print sizes and times for people; -H=false for exact ones. [true]",
        )
    ]
)  # fmt: skip
@click.command("history", cls=Command, epilog=_EXAMPLES)
@click.argument("name", metavar="IMAGE")
@click.option("--no-trunc", is_flag=True, help="Show ids and instructions whole.")
@click.option("-q", "--quiet", is_flag=True, help="Print ids only; instructions of other images than this have none.")
@click.option(
    "--format", "form", default="", metavar="TEMPLATE",
    help="Print a Go template for each, a table of one ('table TEMPLATE'), or json: .ID .CreatedSince .CreatedAt .CreatedBy .Size .Comment.",
)  # fmt: skip
@click.option("--platform", metavar="OS/ARCH", help="Which image of several; this machine's unless given.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    *, name: str, no_trunc: bool, quiet: bool, form: str, platform: str | None, as_json: bool, human: str | None
) -> None:
    """Show the instructions that made an image, the last first. SIZE is that of the compressed layer."""
    for_people = truth("--human", human or "true")
    wanted = Form.parse(form, default=_HUMAN if for_people else _EXACT)
    if form and (quiet or as_json):
        raise UsageError(f"--format and {'--quiet' if quiet else '--json'} exclude each other", hint="leave one out")
    with workplace() as place:
        _, image = naming.find_image(place.store, name, flags.any_platform(platform) if platform else None)
    rows = entries(image)
    identity = image.manifest.config.digest
    ids = [identity if no_trunc else identity.short, *[_MISSING] * (len(rows) - 1)][: len(rows)]
    if as_json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    elif quiet:
        sys.stdout.write("".join(f"{one}\n" for one in ids))
    else:
        now = time.time()
        shown = [
            {"ID": one, **_fields(row, now=now, whole=no_trunc, human=for_people)}
            for one, row in zip(ids, rows, strict=True)
        ]
        sys.stdout.write(wanted.printed(shown, _HEADS))


def _fields(row: Mapping[str, str | int | bool], *, now: float, whole: bool, human: bool) -> dict[str, Value]:
    """What docker's templates know of an instruction."""
    created, size = str(row["created"]), int(row["size"])
    then = table.timestamp(created)
    at = datetime.fromtimestamp(then, UTC).astimezone().isoformat(timespec="seconds") if then else created
    by = str(row["created_by"]).replace("\t", " ")
    return {
        "Comment": row["comment"],
        "CreatedAt": at.replace("+00:00", "Z"),
        "CreatedBy": by if whole else _cut(by),
        "CreatedSince": table.age(then, now) if then else _UNKNOWN,
        "Size": table.tight(size) if human else str(size),
    }


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1]}…"


def entries(image: Image) -> list[dict[str, str | int | bool]]:
    """The history with the size in bytes of each entry's layer, the last first."""
    layers = iter(image.manifest.layers)
    rows: list[dict[str, str | int | bool]] = []
    for entry in image.config.history:
        layer = None if entry.empty_layer else next(layers, None)
        rows.append(
            {
                "created": entry.created,
                "created_by": entry.created_by,
                "comment": entry.comment,
                "size": layer.size if layer else 0,
                "empty_layer": entry.empty_layer,
            }
        )
    return rows[::-1]
