"""`stagemill history`: the instructions that made an image."""

from __future__ import annotations

import json
import time

import click

from stagemill.cli import flags, naming, table
from stagemill.cli.command import examples
from stagemill.cli.environment import workplace
from stagemill.oci.image import Image

_WIDTH = 60


@click.command("history", epilog=examples({"stagemill history --no-trunc app": "every instruction, whole"}))
@click.argument("name", metavar="IMAGE")
@click.option("--no-trunc", is_flag=True, help="Show instructions whole.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--platform", metavar="OS/ARCH", help="Which image of several; this machine's unless given.")
def command(*, name: str, no_trunc: bool, as_json: bool, platform: str | None) -> None:
    """Show the instructions that made an image, the last first. SIZE is that of the compressed layer."""
    with workplace() as place:
        _, image = naming.find_image(place.store, name, flags.any_platform(platform) if platform else None)
    rows = entries(image)
    if as_json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    now = time.time()
    shown = [
        (_age(str(row["created"]), now), _cut(str(row["created_by"]), whole=no_trunc), _size(row["size"]))
        for row in rows
    ]
    print(table.render(("CREATED", "CREATED BY", "SIZE"), shown, right=(2,)))


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


def _age(created: str, now: float) -> str:
    then = table.timestamp(created)
    return "" if then is None else table.age(then, now)


def _cut(text: str, *, whole: bool) -> str:
    line = " ".join(text.split())
    return line if whole or len(line) <= _WIDTH else f"{line[: _WIDTH - 1]}…"


def _size(value: str | int | bool) -> str:  # noqa: FBT001
    return table.size(int(value)) if value else "0 B"
