"""Pull: all blobs of an image into the store, several at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from stagemill import events
from stagemill.digest import Digest
from stagemill.execute.forms import Forms
from stagemill.execute.progress import Progress, reporter
from stagemill.oci.blobs import Reader, chunks
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image import Image

_PARALLEL = 4


def pull(image: Image, forms: Forms, *, reference: str, listener: events.Listener, clock: Callable[[], float]) -> None:
    """The store has every layer afterwards. Raises StagemillError; what has arrived stays."""
    step = Digest.of(f"pull {reference}".encode())
    progress = reporter(step, listener, clock)
    listener(events.Started(step, f"pull {reference}", clock()))
    try:
        with ThreadPoolExecutor(_PARALLEL, thread_name_prefix="pull") as pool:
            list(
                pool.map(
                    lambda layer: _fetch(layer, forms, reference=reference, progress=progress), image.manifest.layers
                )
            )
    except BaseException as error:
        listener(events.Failed(step, str(error), clock()))
        raise
    listener(events.Finished(step, clock()))


def _fetch(layer: Descriptor, forms: Forms, *, reference: str, progress: Progress) -> None:
    store = forms.store
    with store.lock(f"blob-{layer.digest.hex}"):
        if store.blobs.has(layer):
            progress(str(layer.digest), layer.size, layer.size, done=True)
            return
        with forms.source(layer, reference).open(layer) as reader:
            store.blobs.write(layer, _told(reader, layer, progress))


def _told(reader: Reader, layer: Descriptor, progress: Progress) -> Iterator[bytes]:
    current = 0
    for data in chunks(reader):
        current += len(data)
        progress(str(layer.digest), current, layer.size, done=False)
        yield data
    progress(str(layer.digest), layer.size, layer.size, done=True)
