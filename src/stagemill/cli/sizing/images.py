"""`FoundImage`: an image to look at, wherever it is, and what its layers hold. Nothing of it is unpacked."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field
from threading import Event

from stagemill.cli.frame.environment import Workplace
from stagemill.cli.named import naming, sending
from stagemill.digest import Digest
from stagemill.errors import StagemillError
from stagemill.execute.forms import Forms
from stagemill.execute.parallel import threads
from stagemill.execute.shipping import StoredBlobs
from stagemill.insight.image import NO_LOCKS, ImageSize, Origin, weigh_image
from stagemill.insight.survey import Survey, survey
from stagemill.oci.blobs import BlobSource
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image import Image
from stagemill.oci.platform import Platform
from stagemill.places.address import InStore, parse
from stagemill.places.source import small
from stagemill.values import dataclass

_MOST_CONFIG = 8 << 20
_NO_RUN = re.compile(r"^(?:RUN )?/bin/sh -c #\(nop\) *")
_SHELL = re.compile(r"^(?:RUN )?(?:\|\d+ (?:\S+ )*?)?/bin/sh -c ")


class Surveys:
    """What blobs of layers hold; each is read once. `blobs` has them for as long as the block lasts in which it was found."""

    def __init__(self, blobs: BlobSource) -> None:
        self._blobs = blobs
        self._found: dict[Digest, Survey] = {}

    def of(self, layers: Sequence[Descriptor]) -> tuple[Survey, ...]:
        """Those of some layers in their order, several blobs read at a time. Raises StagemillError."""
        missing = list({layer.digest: layer for layer in layers if layer.digest not in self._found}.values())
        if missing:
            with threads(len(os.sched_getaffinity(0)), name="survey", stopped=Event()) as pool:
                found = pool.map(self._read, missing)
                self._found.update(zip((layer.digest for layer in missing), found, strict=True))
        return tuple(self._found[layer.digest] for layer in layers)

    def _read(self, layer: Descriptor) -> Survey:
        with self._blobs.open(layer) as reader:
            return survey(reader)


@dataclass(frozen=True, slots=True)
class FoundImage:
    """`name` is as people wrote it."""

    name: str
    image: Image
    surveys: Surveys = field(compare=False)

    @property
    def pulled(self) -> int:
        """Bytes of all its layers as they are shipped."""
        return sum(layer.size for layer in self.image.manifest.layers)

    def weigh(self, origins: Sequence[Origin] | None = None, locks: Mapping[str, bytes] = NO_LOCKS) -> ImageSize:
        """`origins` say what made each layer, where somebody knows it better than the image's own history; `locks` are lock
        files that the image itself need not have.
        """
        surveys = self.surveys.of(self.image.manifest.layers)
        return weigh_image(self.name, self.image.digest, origins or self.origins(), surveys, locks=locks)

    def origins(self) -> tuple[Origin, ...]:
        """What made each layer, as far as the history tells."""
        texts = [entry.created_by for entry in self.image.config.history if not entry.empty_layer]
        layers = self.image.manifest.layers
        texts += [""] * (len(layers) - len(texts))
        return tuple(Origin(layer.digest, plain(text)) for layer, text in zip(layers, texts, strict=False))


def plain(text: str) -> str:
    """An instruction of a history in the words of a Dockerfile, on one line."""
    line = " ".join(text.removesuffix("# buildkit").split())
    return _SHELL.sub("RUN ", _NO_RUN.sub("", line))


@contextmanager
def find(name: str, platform: Platform | None, place: Workplace) -> Iterator[FoundImage]:
    """The image that a name or an address means, of several that for a platform (None: this machine's).

    Raises StagemillError where there is none.
    """
    address = parse(name)
    if isinstance(address, InStore):
        _, image = naming.find_image(place.store, name, platform)
        yield FoundImage(name, image, Surveys(StoredBlobs(Forms(place.store, remote=place.remote))))
        return
    with sending.opened(address, place) as source:
        node = sending.read(source, address, platform or Platform.local())
        try:
            image = Image.parse(node.data, small(source, node.config, limit=_MOST_CONFIG))
        except ValueError as error:
            raise StagemillError(f"{name} cannot be read: {error}", hint="get the image again") from error
        yield FoundImage(name, image, Surveys(source))
