"""`buildx imagetools`, as docker spells it: names are of registries unless they say otherwise."""

from __future__ import annotations

import sys

import click

from stagemill.cli.docker.compat import BUILDER
from stagemill.cli.frame.command import Command, examples
from stagemill.cli.frame.values import Values
from stagemill.cli.inspection.flags import inspecting, shown
from stagemill.cli.named.new_index import NewIndex, called, creating
from stagemill.errors import UsageError
from stagemill.places.address import REGISTRY, Address, InRegistry, is_address, parse


@click.group("imagetools")
def command() -> None:
    """Look at images in registries, and make indexes of them: stagemill inspect and stagemill index create."""


@creating
@command.command(
    "create",
    cls=Command,
    params=list(BUILDER.options()),
    epilog=examples({"stagemill buildx imagetools create -t registry.example/app:1 registry.example/app:amd64": ""}),
)
def create(**given: object) -> None:
    """Make an index of images in registries, under names there; it is stagemill index create."""
    values = Values(given)
    _note(values)
    new = NewIndex.of(values, _sibling(values))
    called(new, values)


def _note(values: Values) -> None:
    """Says what changes nothing here."""
    for text in BUILDER.notes(values):
        sys.stderr.write(f"note: {text}\n")


def _sibling(values: Values) -> _Names:
    tag = next(iter(values.texts("tags")), "")
    return _Names(address(tag) if tag else None)


class _Names:
    """Names of registries; a digest alone is one of the repository that the first tag is in."""

    def __init__(self, tag: Address | None) -> None:
        self._tag = tag

    def __call__(self, text: str) -> Address:
        if not text.startswith("sha256:"):
            return address(text)
        if not isinstance(self._tag, InRegistry):
            raise UsageError(f"{text} does not say in which repository it is", hint="write NAME@sha256:…")
        name = self._tag.reference
        return address(f"{name.registry}/{name.repository}@{text}")


def address(text: str) -> Address:
    """A place, which is a registry's unless it says otherwise. Raises UsageError."""
    return parse(text if is_address(text) else f"{REGISTRY}{text}")


@inspecting
@command.command(
    "inspect",
    cls=Command,
    params=list(BUILDER.options()),
    epilog=examples({"stagemill buildx imagetools inspect --format '{{json .Manifest}}' debian:12": ""}),
)
@click.argument("name", metavar="IMAGE")
def inspect(*, name: str, **given: object) -> None:
    """Show an image in a registry; it is stagemill inspect docker://IMAGE."""
    values = Values(given)
    _note(values)
    shown((name,), values, prefix=REGISTRY)
