"""`Overlap`: packs and sends layers of images that are still being built, while later steps run.

What every tree on a target's way has is in its image: it only grows, from the base to the last step. So a layer is packed as
soon as its step is done, and sent where the image will go. Nothing here is needed: whoever delivers the image asks again for
each blob, and what was not sent, or could not be, is sent then, before the manifest, which is never sent from here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from threading import Event, Lock
from typing import TYPE_CHECKING, Self

from stagemill import events
from stagemill.digest import Digest
from stagemill.errors import CancelledError, StagemillError
from stagemill.execute.forms import Forms
from stagemill.execute.packaging import USUAL, Packaging
from stagemill.execute.progress import reporter
from stagemill.execute.services import Services
from stagemill.execute.tree import Result, Tree, TreeLayer
from stagemill.graph.operations import Copy, MakeDirectory, Run, Stack
from stagemill.graph.vertex import Vertex
from stagemill.oci.descriptor import Descriptor
from stagemill.timings import measured
from stagemill.values import dataclass

if TYPE_CHECKING:  # a build from the cache overlaps with nothing
    from concurrent.futures import Future, ThreadPoolExecutor

    from stagemill.oci.reference import Reference

_PACKS = 1  # so much is taken away from the steps, and no more
_SENDS = 2


@dataclass(frozen=True, slots=True)
class Shipment:
    """Where an image will go: the form that it has, and its names in registries, if it is pushed.

    With `base_only` its own layers are not those of its steps: they are squashed, or their times change.
    """

    packaging: Packaging = USUAL
    names: tuple[Reference, ...] = ()
    insecure: bool = False
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

    `have` is told of results, from one thread; `arrived` of a base's layer whose blob has come, from any.
    """

    def __init__(self, forms: Forms, services: Services, shipments: Mapping[Digest, Sequence[Shipment]]) -> None:
        """`shipments` says by the digests of vertices what becomes of their layers."""
        self._forms = forms
        self._shipments = shipments
        self._stopped = Event()
        self._lock = Lock()
        self._closed = False
        self._begun: set[tuple[TreeLayer, Shipment]] = set()
        self._absent: dict[Digest, list[tuple[TreeLayer, Shipment]]] = {}
        names = dict.fromkeys(name for some in shipments.values() for one in some for name in one.names)
        self._sending = _Sending(forms, services, self._stopped, tuple(names))
        self._packers: ThreadPoolExecutor | None = None
        self._under_way: list[Future[None]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        """Nothing is under way afterwards; what was not begun is left to whoever delivers the image.

        A build that has failed does not wait for a registry that does not answer.
        """
        with self._lock:
            self._closed = True
        if kind is not None:
            self._stopped.set()
        if self._packers:
            self._packers.shutdown(cancel_futures=True)
        self._sending.close(failed=kind is not None)
        if kind is None:
            for future in self._under_way:
                if not future.cancelled():
                    future.result()

    def have(self, vertex: Vertex, result: Result) -> None:
        """A vertex has its result: its layers are begun, if they were not yet."""
        for shipment in self._shipments.get(vertex.digest, ()):
            for layer in result.layers if isinstance(result, Tree) else ():
                self._begin(layer, shipment)

    def arrived(self, chain: Digest) -> None:
        """A base's layer that was waited for may be sent."""
        with self._lock:
            waiting = self._absent.pop(chain, [])
        for layer, shipment in waiting:
            self._submit(layer, shipment)

    def _begin(self, layer: TreeLayer, shipment: Shipment) -> None:
        """Of a base's layer nothing is fetched for this; steps that read it bring it soon, or it may be mounted later."""
        if (layer, shipment) in self._begun or (layer.form == "layer" and shipment.base_only):
            return
        self._begun.add((layer, shipment))
        if layer.form == "chain":
            if not (shipment.names or shipment.packaging.force):
                return
            with self._lock:
                if not self._is_here(layer):
                    self._absent.setdefault(layer.digest, []).append((layer, shipment))
                    return
        self._submit(layer, shipment)

    def _is_here(self, layer: TreeLayer) -> bool:
        base = self._forms.store.links.base(layer.digest)
        return base is not None and self._forms.store.blobs.has(base.descriptor)

    def _submit(self, layer: TreeLayer, shipment: Shipment) -> None:
        with self._lock:
            if self._closed:
                return
            if self._packers is None:
                from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  see above

                self._packers = ThreadPoolExecutor(_PACKS, thread_name_prefix="pack")
            self._under_way.append(self._packers.submit(self._pack, layer, shipment))

    def _pack(self, layer: TreeLayer, shipment: Shipment) -> None:
        """What cannot be packed is told when the image is made."""
        try:
            packed = shipment.packaging.layer(layer, self._forms, stopped=self._stopped.is_set)
        except StagemillError:
            return
        if shipment.names and not self._stopped.is_set():
            self._under_way.append(self._sending.begin(packed.descriptor, shipment))


class _Sending:
    """Sends blobs to repositories, and tells of it as one step; a repository that does not take one is left alone then."""

    def __init__(self, forms: Forms, services: Services, stopped: Event, names: Sequence[Reference]) -> None:
        self._forms = forms
        self._names = names
        self._services = services
        self._stopped = stopped
        self._senders: ThreadPoolExecutor | None = None
        self._step = Digest.of(b"push layers while the build runs")
        self._refused: set[Reference] = set()

    def begin(self, blob: Descriptor, shipment: Shipment) -> Future[None]:
        """Where the blob goes to several repositories, it goes to one after the other: some take it from each other."""
        if self._senders is None:
            from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  see above

            self._senders = ThreadPoolExecutor(_SENDS, thread_name_prefix="push")
            names = ", ".join(name.familiar for name in self._names)
            text = f"pushing layers to {names} while the build runs"
            self._services.listener(events.Started(self._step, text, self._services.clock()))
        return self._senders.submit(self._send, blob, shipment)

    def close(self, *, failed: bool) -> None:
        if self._senders is None:
            return
        self._senders.shutdown(wait=not failed, cancel_futures=True)
        now = self._services.clock()
        end = events.Failed(self._step, "canceled", now, cancelled=True) if failed else events.Finished(self._step, now)
        self._services.listener(end)

    @measured("push")
    def _send(self, blob: Descriptor, shipment: Shipment) -> None:
        from stagemill.execute.pushing import Watched, mounts  # noqa: PLC0415  see above
        from stagemill.execute.shipping import StoredBlobs  # noqa: PLC0415

        progress = reporter(self._step, self._services.listener, self._services.clock)
        source = Watched(StoredBlobs(self._forms), progress, self._stopped)
        open_repository = self._services.repository(insecure=shipment.insecure)
        for number, name in enumerate(shipment.names):
            if name in self._refused:
                continue
            try:
                before = shipment.names[:number]
                open_repository(name).send(blob, source, mounts=mounts(self._forms, blob, name, before))
            except CancelledError:
                return
            except StagemillError as error:
                if not self._stopped.is_set():
                    self._refuse(name, error)

    def _refuse(self, name: Reference, error: StagemillError) -> None:
        self._refused.add(name)
        text = f"{name.familiar} gets its layers only at the end: {error.message}"
        self._services.listener(events.Notice(text, self._services.clock()))
