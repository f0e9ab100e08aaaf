"""Pull: all blobs of an image into the store, several at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from threading import Event

from stagemill import events
from stagemill.digest import Digest
from stagemill.errors import CancelledError
from stagemill.execute.arriving import again, arriving
from stagemill.execute.forms import Forms
from stagemill.execute.parallel import threads
from stagemill.execute.progress import Progress, reporter
from stagemill.oci.blobs import Reader, chunks
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image_index import AnyImage, members
from stagemill.timings import about, measured

_PARALLEL = 4


def pull(
    item: AnyImage, forms: Forms, *, reference: str, listener: events.Listener, clock: Callable[[], float]
) -> None:
    """The store has every layer afterwards, of an index those of each image that is at hand.

    Raises StagemillError; what has arrived stays, and what is on its way stops.
    """
    layers = tuple(dict.fromkeys(layer for image in members(item) for layer in image.manifest.layers))
    step = Digest.of(f"pull {reference}".encode())
    progress = reporter(step, listener, clock)
    listener(events.Started(step, f"pull {reference}", clock()))
    try:
        _fetch_all(layers, forms, reference=reference, progress=progress)
    except BaseException as error:
        listener(events.Failed(step, str(error), clock()))
        raise
    listener(events.Finished(step, clock()))


def _fetch_all(layers: Sequence[Descriptor], forms: Forms, *, reference: str, progress: Progress) -> None:
    stopped = Event()

    def fetch(layer: Descriptor) -> None:
        _fetch(layer, forms, reference=reference, progress=progress, stopped=stopped)

    with threads(_PARALLEL, name="pull", stopped=stopped) as pool:
        list(pool.map(fetch, layers))


@measured("pull")
def _fetch(layer: Descriptor, forms: Forms, *, reference: str, progress: Progress, stopped: Event) -> None:
    about(str(layer.digest))
    store = forms.store
    with store.lock(f"blob-{layer.digest.hex}", stopped.is_set):
        if store.blobs.has(layer):
            progress(str(layer.digest), layer.size, layer.size, done=True)
            return
        again(lambda: _receive(layer, forms, reference=reference, progress=progress, stopped=stopped))


def _receive(layer: Descriptor, forms: Forms, *, reference: str, progress: Progress, stopped: Event) -> None:
    with arriving(forms.store, forms.source(layer, reference), layer) as reader:
        for _ in _told(reader, layer, progress, stopped=stopped):
            pass


def _told(reader: Reader, layer: Descriptor, progress: Progress, *, stopped: Event) -> Iterator[bytes]:
    current = 0
    for data in chunks(reader):
        if stopped.is_set():
            raise CancelledError("the pull was stopped")
        current += len(data)
        progress(str(layer.digest), current, layer.size, done=False)
        yield data
    progress(str(layer.digest), layer.size, layer.size, done=True)
