"""`stagemill attestations`: what is said of an image, listed, or one statement of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

import click

from stagemill.cli.frame import access, table
from stagemill.cli.frame.access import Access
from stagemill.cli.frame.command import Command, examples
from stagemill.cli.frame.environment import Workplace, workplace
from stagemill.cli.frame.values import Values
from stagemill.cli.given import flags
from stagemill.cli.given.options import with_options
from stagemill.cli.named import naming
from stagemill.cli.named.places import reach, reading
from stagemill.digest import Digest
from stagemill.errors import NotFoundError, UsageError, either
from stagemill.execute.forms import Forms
from stagemill.oci.blobs import Reader
from stagemill.oci.choice import choose
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference
from stagemill.places.address import REGISTRY, Address, InRegistry, InStore, parse
from stagemill.places.source import Source, StoreSource
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.attest.reading import Holder, Said
    from stagemill.registry.client import RegistryClient

_EXAMPLES = examples(
    {
        "stagemill attestations app": "what is said of an image of the store",
        "stagemill attestations docker://ghcr.io/team/app:1": "of one in a registry",
        "stagemill attestations oci-archive:app.tar": "of one in an archive",
        "stagemill attestations --type spdx app": "the list of packages",
        "stagemill attestations --type provenance app | jq": "how it was built",
    }
)
_HEAD = ("PLATFORM", "TYPE", "WHERE", "SIZE", "DIGEST")


@with_options(access.options())
@click.command("attestations", cls=Command, epilog=_EXAMPLES)
@click.argument("name", metavar="IMAGE")
@click.option(
    "--type", "kind", metavar="TYPE", help="Print the one of this type: spdx, cyclonedx, provenance, or a whole type."
)
@click.option(
    "--platform", metavar="OS/ARCH", help="Of which image of several; to print one, this machine's unless given."
)
@click.option("--all", "every", is_flag=True, help="With --type: print each of that type, as a JSON array.")
@click.option(
    "--statement", is_flag=True, help="With --type: print the whole statement, which says of what it is said."
)
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def command(
    *,
    name: str,
    kind: str | None,
    platform: str | None,
    every: bool,
    statement: bool,
    as_json: bool,
    **given: object,
) -> None:
    """List what is said of an image: its attestations, in its index, and in a registry also what refers to it.

    IMAGE is one of the local store, docker://NAME in a registry, oci:DIRECTORY or oci-archive:FILE. Signatures are not verified; a
    statement that is about another image is an error.
    """
    wanted = flags.any_platform(platform) if platform else None
    for flag, chosen in (("--all", every), ("--statement", statement)):
        if chosen and not kind:
            raise UsageError(f"{flag} is for what --type prints", hint="add --type spdx, cyclonedx or provenance")
    if kind and as_json:
        raise UsageError("--json lists, and --type prints what is JSON anyway", hint="leave one out")
    address = parse(name)
    with _opened(reach(Values(given), [address])) as place, _held(place, address, wanted) as (top, holder):
        from stagemill.attest.reading import said

        found = [one for one in said(top, holder) if wanted is None or _fits(one.platform, wanted)]
        if not kind:
            _list(found, as_json=as_json, name=name)
            return
        print(json.dumps(_printed(found, holder, name, kind=kind, every=every, whole=statement), indent=2))


@contextmanager
def _opened(way: Access) -> Iterator[Workplace]:
    with workplace() as place:
        place.access = way
        yield place


def _list(found: Sequence[Said], *, as_json: bool, name: str) -> None:
    if as_json:
        print(json.dumps([_facts(one) for one in found], indent=2))
    elif found:
        rows = [
            (str(one.platform), one.kind, one.place, table.size(one.blob.size) if one.blob else "", _digest(one))
            for one in found
        ]
        sys.stdout.write(table.render(_HEAD, rows, right=(3,)))
    else:
        print(f"nothing is said of {name}", file=sys.stderr)


def _digest(one: Said) -> str:
    return one.blob.digest if one.blob else ""


def _facts(one: Said) -> dict[str, str | int | None]:
    return {
        "platform": str(one.platform),
        "type": one.type,
        "where": one.place,
        "of": one.of,
        "digest": one.blob.digest if one.blob else None,
        "size": one.blob.size if one.blob else None,
    }


def _printed(found: Sequence[Said], holder: Holder, name: str, *, kind: str, every: bool, whole: bool) -> object:
    """What is asked for: a predicate or a statement, or all of a type. Raises NotFoundError."""
    from stagemill.attest.reading import TYPES, read

    types = TYPES.get(kind, (kind,))
    fitting = [one for one in found if one.type in types]
    if not fitting:
        raise _nothing(found, name, kind)
    if not every:
        here = [one for one in fitting if _fits(one.platform, Platform.local())]
        fitting = (here or fitting)[:1]
    documents = [(one, read(one, holder)) for one in fitting]
    shown = [document if whole or one.bare else document["predicate"] for one, document in documents]
    return shown if every else shown[0]


def _nothing(found: Sequence[Said], name: str, kind: str) -> NotFoundError:
    from stagemill.attest.reading import TYPES
    from stagemill.dockerfile.suggest import nearest

    there = ", ".join(dict.fromkeys(one.kind for one in found))
    near = None if kind in TYPES else nearest(kind, TYPES)
    otherwise = (
        f"what is said is of type {there}" if there else "nothing is said of it; build it with --sbom or --provenance"
    )
    hint = f"did you mean {near}?" if near else otherwise
    return NotFoundError(f"of {name} there is no statement of type {kind}", hint=hint)


def _fits(platform: Platform, wanted: Platform) -> bool:
    named = Descriptor("", Digest.of(b""), 0, platform=platform)
    return choose((named,), wanted) is not None


@contextmanager
def _held(place: Workplace, address: Address, platform: Platform | None) -> Iterator[tuple[Descriptor, Holder]]:
    """What an address means, and where it is. Raises NotFoundError."""
    if isinstance(address, InStore):
        try:
            _, found = naming.locate(place.store, address.name)
        except NotFoundError as error:
            hint = either([error.hint, f"{REGISTRY}{address} is one in a registry"])
            raise NotFoundError(error.message, hint=hint) from error
        yield found.descriptor, _Held(StoreSource(Forms(place.store, remote=place.remote), found.descriptor))
        return
    with reading(address, place) as source:
        client, reference = (place.registry, address.reference) if isinstance(address, InRegistry) else (None, None)
        yield Descriptor.from_json(source.top(platform)), _Held(source, client, reference)


@dataclass(frozen=True, slots=True)
class _Held:
    """An image in a place. Only a registry is asked what refers to it."""

    source: Source
    client: RegistryClient | None = None
    reference: Reference | None = None

    def read(self, descriptor: Descriptor, /) -> bytes:
        return self.source.read(descriptor)

    def open(self, descriptor: Descriptor, /) -> AbstractContextManager[Reader]:
        return self.source.open(descriptor)

    def referrers(self, subject: Digest, /) -> tuple[Descriptor, ...]:
        if self.client is None or self.reference is None:
            return ()
        return self.client.referrers(self.reference, subject)
