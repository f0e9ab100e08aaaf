"""What is said of images that a registry has, sent there as manifests that refer to them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import groupby

from stagemill import events
from stagemill.attest.manifest import Referrer
from stagemill.digest import Digest
from stagemill.errors import NotFoundError
from stagemill.oci.blobs import Reader
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.reference import Reference
from stagemill.registry.destination import Destination
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Referring:
    """Sends referrers. `destination` opens a repository to write to.

    `lock` is held by name while a list is read and written: most registries take a list from who read it before another one
    wrote it, and builds of one store shall lose nothing by that.
    """

    destination: Callable[[Reference], Destination]
    lock: Callable[[str], AbstractContextManager[None]]
    listener: events.Listener
    clock: Callable[[], float]

    def send(self, referrers: Sequence[Referrer], name: Reference) -> None:
        """The name's repository has them, and lists them for the images that they are of. Raises StagemillError."""
        shown = f"what is said of {name.familiar}"
        step = Digest.of(f"refer {shown}".encode())
        self.listener(events.Started(step, f"pushing {shown}", self.clock()))
        try:
            where = self.destination(name)
            for subject, group in groupby(referrers, key=lambda each: each.subject):
                if unlisted := _send(subject, list(group), where):
                    with self.lock(f"referrers-{name.registry}/{name.repository}-{subject.hex}"):
                        where.enlist(subject, unlisted)
        except BaseException as error:
            self.listener(events.Failed(step, str(error), self.clock()))
            raise
        self.listener(events.Finished(step, self.clock()))


def _send(subject: Digest, referrers: Sequence[Referrer], where: Destination) -> list[Descriptor]:
    """Those that the registry does not list by itself."""
    for each in referrers:
        held = _Held({descriptor.digest: data for descriptor, data in each.blobs})
        for descriptor, _ in each.blobs:
            where.send(descriptor, held)
    return [each.entry for each in referrers if not where.put_referrer(each.manifest, each.entry, subject=subject)]


@dataclass(frozen=True, slots=True)
class _Held:
    """Small blobs that are at hand, as a source."""

    documents: Mapping[Digest, bytes]

    @contextmanager
    def open(self, descriptor: Descriptor, /) -> Iterator[Reader]:
        if descriptor.digest not in self.documents:
            raise NotFoundError(f"there is no blob {descriptor.digest}")
        yield io.BytesIO(self.documents[descriptor.digest])
