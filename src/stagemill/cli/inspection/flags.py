"""The flags of commands that show images at their places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import click

from stagemill.cli.frame import access
from stagemill.cli.frame.values import Values

C = TypeVar("C", bound=click.Command)


def inspecting(command: C) -> C:
    """Gives a command the flags that `shown` reads."""
    command.params += list(_options())
    return command


def _options() -> Iterator[click.Option]:
    yield click.Option(["--raw"], is_flag=True, help="Print the manifest or the index as it is, byte for byte.")
    yield click.Option(["--json", "as_json"], is_flag=True, help="Print JSON.")
    yield click.Option(
        ["-f", "--format", "form"], metavar="TEMPLATE",
        help="Print a Go template, or json: .Name .Manifest .Image .Provenance .SBOM.",
    )  # fmt: skip
    yield click.Option(["--platform"], metavar="OS/ARCH", help="Only the image for this platform.")
    yield from access.options()


def shown(names: tuple[str, ...], values: Values, *, prefix: str = "") -> None:
    """Prints what is at the places; a bare name is one of the store, or what it is with a prefix. Raises StagemillError."""
    from stagemill.cli.given import flags
    from stagemill.cli.inspection.show import Wanted, show
    from stagemill.cli.named.places import reach
    from stagemill.places.address import is_address, parse

    platform = values.text("platform")
    wanted = Wanted(
        flags.any_platform(platform) if platform else None,
        raw=values.flag("raw"),
        json=values.flag("as_json"),
        template=values.text("form") or "",
    )
    addresses = [parse(name if is_address(name) else f"{prefix}{name}") for name in names]
    show(addresses, wanted, reach(values, addresses))
