"""`StoredBlobs`: the blobs of the store's images as a source, where what is lost or torn is made or fetched again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from stagemill.digest import Digest
from stagemill.errors import CorruptError, NotFoundError
from stagemill.execute.forms import Forms
from stagemill.execute.tree import TreeLayer
from stagemill.oci.blobs import Reader, copy
from stagemill.oci.descriptor import Descriptor


class StoredBlobs:
    """Reads from the store. A blob that is not whole there is packed again from its layer, or fetched from its origin."""

    def __init__(self, forms: Forms) -> None:
        self._forms = forms
        self._store = forms.store

    @contextmanager
    def open(self, descriptor: Descriptor, /) -> Iterator[Reader]:
        """Bytes that were checked before the first of them is given out. Raises NotFoundError, CorruptError."""
        if not self._whole(descriptor):
            self._restore(descriptor)
        with self._store.blobs.open(descriptor) as reader:
            yield reader

    def _whole(self, descriptor: Descriptor) -> bool:
        with suppress(CorruptError, NotFoundError):
            return self._store.blobs.verify(descriptor.digest) == descriptor.size
        return False

    def _restore(self, descriptor: Descriptor) -> None:
        layer = self._layer_of(descriptor.digest)
        if layer is not None:
            made = self._forms.packed(TreeLayer("layer", layer))
            if made.descriptor.digest == descriptor.digest:
                return
        copy(descriptor, self._forms.source(descriptor), self._store.blobs)

    def _layer_of(self, blob: Digest) -> Digest | None:
        """The layer that a blob was packed from, where its directory is still here."""
        for layer, packed in self._store.links.packs():
            if packed.descriptor.digest == blob and self._store.layers.has(layer):
                return layer
        return None
