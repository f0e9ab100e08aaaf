"""Push: an image, or an index with all of its images, to a repository of a registry. Blobs first, then what names them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event

from stagemill import events
from stagemill.digest import Digest
from stagemill.errors import StagemillError
from stagemill.execute.forms import Forms
from stagemill.execute.parallel import threads
from stagemill.execute.progress import Progress, reporter
from stagemill.execute.shipping import StoredBlobs
from stagemill.execute.streams import Counted
from stagemill.oci.blobs import Reader
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image import Image
from stagemill.oci.image_index import AnyImage, ImageIndex, members
from stagemill.oci.reference import Reference
from stagemill.registry.destination import Destination
from stagemill.values import dataclass

_PARALLEL = 4


@dataclass(frozen=True, slots=True)
class Pushing:
    """Sends images of a store. `destination` opens a repository to write to."""

    forms: Forms
    destination: Callable[[Reference], Destination]
    listener: events.Listener
    clock: Callable[[], float]

    def push(self, item: AnyImage, names: Sequence[Reference], *, by_digest: bool = False) -> None:
        """Each name names the image in its registry afterwards; `by_digest` only its own digest does.

        What a registry has is not sent, nor what another of its repositories has that the image's layers come from, or
        that it was just pushed to. Raises StagemillError.
        """
        for number, name in enumerate(names):
            self._push(item, name, names[:number], by_digest=by_digest)

    def _push(self, item: AnyImage, name: Reference, before: Sequence[Reference], *, by_digest: bool) -> None:
        shown = f"{name.familiar}@{item.digest}" if by_digest else name.familiar
        step = Digest.of(f"push {shown}".encode())
        self.listener(events.Started(step, f"pushing {shown}", self.clock()))
        try:
            where = self.destination(name)
            self._send(item, where, before, reporter(step, self.listener, self.clock))
            for data, media_type, digest in _documents(item):
                last = digest == item.digest and not by_digest
                where.put_manifest(data, media_type=media_type, name=name.tag or digest if last else digest)
        except BaseException as error:
            self.listener(events.Failed(step, str(error), self.clock()))
            raise
        self.listener(events.Finished(step, self.clock()))

    def _send(self, item: AnyImage, where: Destination, before: Sequence[Reference], progress: Progress) -> None:
        images = _whole(item)
        blobs = {blob.digest: blob for image in images for blob in (*image.manifest.layers, image.manifest.config)}
        stopped = Event()
        source = Watched(StoredBlobs(self.forms), progress, stopped)

        def send(blob: Descriptor) -> None:
            where.send(blob, source, mounts=mounts(self.forms, blob, where.reference, before))

        with threads(_PARALLEL, name="push", stopped=stopped) as pool:
            list(pool.map(send, blobs.values()))


def mounts(forms: Forms, blob: Descriptor, reference: Reference, before: Iterable[Reference]) -> Iterator[str]:
    """Other repositories of the same registry that may have a blob: those `before`, and that of the base it comes from."""
    text = forms.store.links.origin(blob.digest)
    for other in (*before, *([Reference.parse(text)] if text else ())):
        if other.registry == reference.registry and other.repository != reference.repository:
            yield other.repository


def _whole(item: AnyImage) -> Sequence[Image]:
    """All images of it. Raises StagemillError where some are not at hand."""
    images = members(item)
    if isinstance(item, ImageIndex):
        known = {image.digest for image in images}
        missing = [entry for entry in item.index.manifests if entry.digest not in known]
        if missing:
            what = ", ".join(str(entry.platform or entry.digest) for entry in missing)
            raise StagemillError(
                f"the store lacks a part of the index: {what}", hint="build it, or push one image of it"
            )
    return images


def _documents(item: AnyImage) -> Iterator[tuple[bytes, str, Digest]]:
    """Manifests, and the index last: what is named comes after all that it names."""
    for image in members(item):
        yield image.manifest_bytes, image.manifest.media_type, image.digest
    if isinstance(item, ImageIndex):
        yield item.index_bytes, item.index.media_type, item.digest


@dataclass(frozen=True, slots=True)
class Watched:
    """A source that tells how far each blob is."""

    source: StoredBlobs
    progress: Progress
    stopped: Event

    @contextmanager
    def open(self, descriptor: Descriptor, /) -> Iterator[Reader]:
        with self.source.open(descriptor) as reader:
            part = str(descriptor.digest)
            yield Counted(reader, descriptor=descriptor, part=part, progress=self.progress, stopped=self.stopped.is_set)
