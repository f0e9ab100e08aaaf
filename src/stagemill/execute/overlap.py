"""`Overlap`: packs and sends layers of images that are still being built, while later steps run.

What every tree on a target's way has is in its image: it only grows, from the base to the last step. So a layer is packed as
soon as its step is done, and sent where the image will go. Nothing here is needed: whoever delivers the image asks again for
each blob, and what was not sent, or could not be, is sent then, before the manifest, which is never sent from here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from threading import Event, Lock, get_native_id
from typing import TYPE_CHECKING, Self

from stagemill import events
from stagemill.digest import Digest
from stagemill.errors import CancelledError, StagemillError
from stagemill.execute.forms import Forms
from stagemill.execute.packaging import USUAL, Packaging
from stagemill.execute.progress import Progress, reporter
from stagemill.execute.services import Services
from stagemill.execute.tree import Result, Tree, TreeLayer
from stagemill.execute.workers import Workers
from stagemill.graph.operations import Copy, MakeDirectory, Run, Stack
from stagemill.graph.vertex import Vertex
from stagemill.oci.blobs import Reader
from stagemill.oci.descriptor import Descriptor
from stagemill.timings import measured
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.oci.reference import Reference

_PACKS = 1  # layers at a time
_SENDS = 2
_NICENESS = 10


def _give_way() -> None:
    """Lets this thread, and those that it starts, have only what processors the steps leave. Source: setpriority(2), NOTES."""
    thread = get_native_id()
    os.setpriority(os.PRIO_PROCESS, thread, max(_NICENESS, os.getpriority(os.PRIO_PROCESS, thread)))


@dataclass(frozen=True, slots=True)
class Shipment:
    """Where an image will go: the form that it has, and its names in registries, if it is pushed.

    With `file` all of its blobs will be in a file or a directory. With `base_only` its own layers are not those of its steps:
    they are squashed, or their times change.
    """

    packaging: Packaging = USUAL
    names: tuple[Reference, ...] = ()
    insecure: bool = False
    file: bool = False
    base_only: bool = False


def way(target: Vertex) -> Iterator[Vertex]:
    """The vertices whose layers are all in the target's tree: itself, and what its tree stands on."""
    pending = [target]
    while pending:
        vertex = pending.pop()
        yield vertex
        if isinstance(vertex.op, Run | Copy | MakeDirectory | Stack):
            below = vertex.inputs if isinstance(vertex.op, Stack) else vertex.inputs[:1]
            pending += [edge.vertex for edge in below]


class Overlap:
    """Goes on as long as it is entered; where that ends by an error, what is under way is broken off.

    `have` is told of results, from one thread.
    """

    def __init__(self, forms: Forms, services: Services, shipments: Mapping[Digest, Sequence[Shipment]]) -> None:
        """`shipments` says by the digests of vertices what becomes of their layers."""
        self._forms = forms
        self._shipments = shipments
        self._stopped = Event()
        self._begun: set[tuple[TreeLayer, Shipment]] = set()
        names = dict.fromkeys(name for some in shipments.values() for one in some for name in one.names)
        self._sending = _Sending(forms, services, self._stopped, tuple(names))
        self._packers = Workers(_PACKS, name="pack", begin=_give_way)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        """Nothing is under way afterwards; what was not begun is left to whoever delivers the image.

        A build that has failed does not wait for a registry that does not answer.
        """
        if kind is not None:
            self._stopped.set()
        errors = [self._packers.close(), self._sending.close(failed=kind is not None)]
        if kind is None:
            for error in filter(None, errors):
                raise error

    def have(self, vertex: Vertex, result: Result) -> None:
        """A vertex has its result: its layers are begun, if they were not yet."""
        for shipment in self._shipments.get(vertex.digest, ()):
            for layer in result.layers if isinstance(result, Tree) else ():
                self._begin(layer, shipment)

    def _begin(self, layer: TreeLayer, shipment: Shipment) -> None:
        """Of a base's layer nothing is fetched where the registry has it, or nobody wants its bytes."""
        if (layer, shipment) in self._begun or (layer.form == "layer" and shipment.base_only):
            return
        self._begun.add((layer, shipment))
        if layer.form == "chain" and not shipment.packaging.force:
            base = self._forms.store.links.base(layer.digest)
            if base and (shipment.names or (shipment.file and not self._forms.store.blobs.has(base.descriptor))):
                self._sending.begin(base.descriptor, shipment, layer)
            return
        self._packers.submit(partial(self._pack, layer, shipment))

    def _pack(self, layer: TreeLayer, shipment: Shipment) -> None:
        """What cannot be packed is told when the image is made."""
        try:
            packed = shipment.packaging.layer(layer, self._forms, stopped=self._stopped.is_set)
        except StagemillError:
            return
        if shipment.names and not self._stopped.is_set():
            self._sending.begin(packed.descriptor, shipment)


class _Sending:
    """Sends blobs to repositories, and tells of it as one step; a repository that does not take one is left alone then."""

    def __init__(self, forms: Forms, services: Services, stopped: Event, names: Sequence[Reference]) -> None:
        self._forms = forms
        self._names = names
        self._services = services
        self._stopped = stopped
        self._lock = Lock()
        self._senders = Workers(_SENDS, name="push")
        self._began = False
        self._step = Digest.of(b"send layers while the build runs")
        self._refused: set[Reference] = set()

    def begin(self, blob: Descriptor, shipment: Shipment, base: TreeLayer | None = None) -> None:
        """Where the blob goes to several repositories, it goes to one after the other: some take it from each other.

        `base` is the layer of a base that has it, and that may have to be fetched.
        """
        with self._lock:
            if not self._began:
                self._began = True
                names = ", ".join(name.familiar for name in self._names)
                what = f"pushing layers to {names}" if names else "fetching layers of the base"
                self._services.listener(
                    events.Started(self._step, f"{what} while the build runs", self._services.clock())
                )
            self._senders.submit(partial(self._send, blob, shipment, base))

    def close(self, *, failed: bool) -> BaseException | None:
        """What went wrong that should not have."""
        if not self._began:
            return None
        error = self._senders.close(wait=not failed)
        now = self._services.clock()
        end = events.Failed(self._step, "canceled", now, cancelled=True) if failed else events.Finished(self._step, now)
        self._services.listener(end)
        return error

    @measured("push")
    def _send(self, blob: Descriptor, shipment: Shipment, base: TreeLayer | None) -> None:
        progress = reporter(self._step, self._services.listener, self._services.clock)
        source = _Brought(self._forms, base, progress, self._stopped)
        if base and shipment.file:
            with suppress(StagemillError):  # it is told when the file is written
                source.bring()
        for number, name in enumerate(shipment.names):
            if name not in self._refused and not self._stopped.is_set():
                self._to(name, blob, source, shipment, before=shipment.names[:number])

    def _to(
        self, name: Reference, blob: Descriptor, source: _Brought, shipment: Shipment, *, before: Sequence[Reference]
    ) -> None:
        from stagemill.execute.pushing import mounts  # noqa: PLC0415  see above

        where = self._services.repository(insecure=shipment.insecure)(name)
        try:
            where.send(blob, source, mounts=mounts(self._forms, blob, name, before))
        except CancelledError:
            return
        except StagemillError as error:
            if not self._stopped.is_set():
                self._refused.add(name)
                text = f"{name.familiar} gets its layers only at the end: {error.message}"
                self._services.listener(events.Notice(text, self._services.clock()))


@dataclass(frozen=True, slots=True)
class _Brought:
    """A source that fetches a base's layer when it is to be read, and tells how far it is."""

    forms: Forms
    base: TreeLayer | None
    progress: Progress
    stopped: Event

    def bring(self) -> None:
        if self.base:
            self.forms.bring(self.base.digest, progress=self.progress, stopped=self.stopped.is_set)

    @contextmanager
    def open(self, descriptor: Descriptor, /) -> Iterator[Reader]:
        from stagemill.execute.pushing import Watched  # noqa: PLC0415  see above
        from stagemill.execute.shipping import StoredBlobs  # noqa: PLC0415

        self.bring()
        with Watched(StoredBlobs(self.forms), self.progress, self.stopped).open(descriptor) as reader:
            yield reader
