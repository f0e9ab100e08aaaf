"""`Sending`: an image that was read, on its way to the places that a command line names."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import field

from stagemill.cli.frame import table
from stagemill.cli.frame.environment import Workplace
from stagemill.cli.named.places import reading, writing
from stagemill.digest import Digest
from stagemill.events import Listener, Notice
from stagemill.export.layout_directory import LayoutDirectory
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.platform import Platform
from stagemill.places import node
from stagemill.places.address import Address, InLayout, InRegistry, InStore
from stagemill.places.copying import Copying, blobs_of, side
from stagemill.places.node import Node
from stagemill.places.source import Source
from stagemill.values import dataclass


@contextmanager
def opened(address: Address, place: Workplace) -> Iterator[Source]:
    """The source at an address; an error says that it is this side's."""
    with ExitStack() as stack:
        with side(f"cannot read {address}"):
            source = stack.enter_context(reading(address, place))
        yield source


def read(source: Source, address: Address, platform: Platform | None = None) -> Node:
    """What is there, whole, or the image for a platform. Raises StagemillError."""
    with side(f"cannot read {address}"):
        return node.read(source.top(platform), source.read, platform=platform, where=str(address))


def origins(address: Address, image: Node, place: Workplace) -> dict[Digest, str]:
    """The blobs of an image that can be had of a registry whenever somebody needs them, each with a reference there."""
    blobs = blobs_of(image.walk())
    match address:
        case InRegistry(reference):
            return {blob.digest: str(reference) for blob in blobs}
        case InStore():
            known = ((blob.digest, place.store.links.origin(blob.digest)) for blob in blobs)
            return {digest: origin for digest, origin in known if origin}
        case _:
            return {}


@dataclass(frozen=True, slots=True)
class Sending:
    """`origin` is what people call the source; `address` where it is, if it is one place.

    Layers that are `later` in a registry stay there, where the store is the place.
    """

    place: Workplace
    source: Source
    origin: str
    listener: Listener
    address: Address | None = None
    later: Mapping[Digest, str] = field(default_factory=dict)

    def send(self, image: Node, places: Sequence[Address]) -> None:
        """Each place means the image afterwards. Raises StagemillError, before the places that come after."""
        copying = Copying(self.source, self.origin, self.listener, time.time)
        for number, to in enumerate(places):
            before = [other.reference for other in places[:number] if isinstance(other, InRegistry)]
            others = [
                name.repository
                for name in before
                if isinstance(to, InRegistry) and name.registry == to.reference.registry
            ]
            with ExitStack() as stack:
                with side(f"cannot write {to}"):
                    target = stack.enter_context(writing(to, self.place, origin=self.address, later=self.later))
                copied = copying.copy(image, target, str(to), others=others)
            size = f" ({table.size(copied.bytes)})" if copied.bytes else ""
            self._tell(f"{to}: {copied}{size}")

    def foresee(self, image: Node, places: Sequence[Address]) -> None:
        """Says what would be sent to each place, and changes nothing; registries are asked what they have."""
        blobs = blobs_of(image.walk())
        for to in places:
            with side(f"cannot write {to}"):
                missing = [blob for blob in blobs if not self._has(to, blob)]
            size = table.size(sum(blob.size for blob in missing))
            there = len(blobs) - len(missing)
            self._tell(f"{to}: {len(missing)} of {len(blobs)} blobs ({size}) would be sent, {there} are there already")

    def _has(self, to: Address, blob: Descriptor) -> bool:
        match to:
            case InRegistry(reference):
                return self.place.destination(reference).has(blob)
            case InStore():
                return self.place.store.blobs.has(blob)
            case InLayout(path):
                return LayoutDirectory(path).has(blob)
            case _:  # archives are made anew
                return False

    def _tell(self, text: str) -> None:
        self.listener(Notice(text, time.time()))
