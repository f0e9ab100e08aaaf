"""`show`: prints what is known of images at their places, in the form that is wanted."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from stagemill.cli.frame.access import Access
from stagemill.cli.frame.environment import workplace
from stagemill.cli.inspection.seen import Seen, as_json, look
from stagemill.cli.named.sending import opened, read
from stagemill.errors import NotFoundError, StagemillError, UsageError
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.document import MalformedError
from stagemill.oci.platform import Platform
from stagemill.places.address import Address
from stagemill.places.copying import side
from stagemill.places.source import Source
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Wanted:
    """`template` is a Go template, or `json`; `raw` is the manifest as it is, `config` the image's config as it is."""

    platform: Platform | None = None
    raw: bool = False
    config: bool = False
    json: bool = False
    template: str = ""

    def check(self) -> None:
        """Raises UsageError where two forms were asked for."""
        given = {"--raw": self.raw, "--config": self.config, "--json": self.json, "--format": bool(self.template)}
        several = [flag for flag, value in given.items() if value]
        if len(several) > 1:
            raise UsageError(f"{' and '.join(several)} exclude each other", hint="leave one out")


def show(addresses: Sequence[Address], wanted: Wanted, access: Access) -> None:
    """Prints all of them, or nothing. Raises StagemillError."""
    wanted.check()
    with workplace() as place:
        place.access = access
        if wanted.raw or wanted.config:
            for address in addresses:
                with opened(address, place) as source:
                    sys.stdout.buffer.write(_plain(source, address, wanted))
            sys.stdout.buffer.flush()
            return
        seen: list[Seen] = []
        lines: list[str] = []
        for address in addresses:
            with opened(address, place) as source, side(f"cannot read {address}"), _legible():
                one = look(str(address), read(source, address, wanted.platform), source)
                seen.append(one)
                lines.append(_line(one, wanted.template))
    print(as_json(seen) if wanted.json else ("\n" if wanted.template else "\n\n").join(lines))


@contextmanager
def _legible() -> Iterator[None]:
    """What a stranger wrote into a config or a statement may be anything."""
    try:
        yield
    except MalformedError as error:
        raise StagemillError(str(error), hint="--raw shows its manifest as it is") from error


def _line(seen: Seen, template: str) -> str:
    from stagemill.cli.inspection.fields import fields
    from stagemill.cli.inspection.text import text
    from stagemill.template.evaluate import render
    from stagemill.template.parser import parse
    from stagemill.template.values import to_json

    if not template:
        return text(seen)
    found = fields(seen, template)
    return to_json(found) if template == "json" else render(parse(template), found)


def _plain(source: Source, address: Address, wanted: Wanted) -> bytes:
    """A document as it is. Of an index nothing that is in it is asked for, where it is not wanted."""
    if wanted.raw and wanted.platform is None:
        with side(f"cannot read {address}"):
            return source.read(Descriptor.from_json(source.top(None)))
    node = read(source, address, wanted.platform)
    return node.data if wanted.raw else _config(look(str(address), node, source), wanted.platform)


def _config(seen: Seen, platform: Platform | None) -> bytes:
    """That of the image for this machine, where there are several."""
    picked = seen.node.pick(platform)
    image = next((each for each in seen.images if picked and each.node.digest == picked.digest), seen.single)
    if image is None and not seen.images:
        raise StagemillError(f"{seen.name} is no image, and has no config of one", hint="--raw shows what it is")
    if image is None:
        known = ", ".join(str(each.platform) for each in seen.images)
        message = f"{seen.name} has no image for {platform or Platform.local()}"
        raise NotFoundError(message, hint=f"it has {known}: choose one with --platform")
    return image.config_bytes
