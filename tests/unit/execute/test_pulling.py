"""All blobs of an image into the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Barrier

import pytest

from fakes.blobs import MemoryBlobs, make_image
from fakes.workshop import Workshop
from stagemill import events
from stagemill.errors import CorruptError, NotFoundError
from stagemill.execute.forms import Forms
from stagemill.execute.pulling import pull
from stagemill.oci.blobs import BlobSource, Reader
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image import Image

NAME = "registry.example/team/app:1"


def pulled(workshop: Workshop, image: Image, source: BlobSource | None = None) -> None:
    forms = Forms(workshop.store, remote=lambda _name: source) if source else workshop.forms
    pull(image, forms, reference=NAME, listener=workshop.heard.append, clock=workshop.clock)


def test_the_store_has_every_layer_afterwards(workshop: Workshop) -> None:
    image = make_image(workshop.remote.blobs, {"a": b"1"}, {"b": b"2"}, {"c": b"3"})

    pulled(workshop, image)

    assert [workshop.store.blobs.read(layer.digest) for layer in image.manifest.layers] == [
        workshop.remote.blobs.data[layer.digest] for layer in image.manifest.layers
    ]


def test_what_the_store_has_is_not_fetched(workshop: Workshop) -> None:
    image = make_image(workshop.remote.blobs, {"a": b"1"}, {"b": b"2"})
    first = image.manifest.layers[0]
    workshop.store.blobs.put(workshop.remote.blobs.data.pop(first.digest))

    pulled(workshop, image)

    assert workshop.store.blobs.has(image.manifest.layers[1])


def test_it_is_a_step_with_the_progress_of_each_layer(workshop: Workshop) -> None:
    image = make_image(workshop.remote.blobs, {"a": b"1"}, {"b": b"2"})

    pulled(workshop, image)

    assert [event.name for event in workshop.events(events.Started)] == [f"pull {NAME}"]
    assert len(workshop.events(events.Finished)) == 1
    done = {event.part: (event.current, event.total) for event in workshop.events(events.Transfer) if event.done}
    assert done == {str(layer.digest): (layer.size, layer.size) for layer in image.manifest.layers}


def test_layers_come_at_the_same_time(workshop: Workshop) -> None:
    image = make_image(workshop.remote.blobs, {"a": b"1"}, {"b": b"2"}, {"c": b"3"})
    barrier = Barrier(3, timeout=60)

    class Meeting:
        @contextmanager
        def open(self, descriptor: Descriptor) -> Iterator[Reader]:
            barrier.wait()
            with workshop.remote.blobs.open(descriptor) as reader:
                yield reader

    pulled(workshop, image, Meeting())

    assert all(workshop.store.blobs.has(layer) for layer in image.manifest.layers)


@pytest.mark.parametrize(("spoil", "error"), [("remove", NotFoundError), ("tear", CorruptError)])
def test_a_layer_that_does_not_come_is_an_error_and_what_has_arrived_stays(
    workshop: Workshop, spoil: str, error: type[Exception]
) -> None:
    image = make_image(workshop.remote.blobs, {"a": b"1"}, {"b": b"2"})
    first, second = image.manifest.layers
    workshop.store.blobs.put(workshop.remote.blobs.data[first.digest])
    right = workshop.remote.blobs.data.pop(second.digest)
    if spoil == "tear":
        workshop.remote.blobs.data[second.digest] = right[::-1]

    with pytest.raises(error):
        pulled(workshop, image)

    (failed,) = workshop.events(events.Failed)
    assert second.digest in failed.message
    assert [workshop.store.blobs.has(layer) for layer in (first, second)] == [True, False]


def test_an_image_without_layers_is_pulled_too(workshop: Workshop) -> None:
    pulled(workshop, make_image(MemoryBlobs()))

    assert len(workshop.events(events.Finished)) == 1
