"""`StoredBlobs`: the blobs of the store's images as a source, where what is lost or torn is made or fetched again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal

from stagemill.digest import Digest
from stagemill.errors import CorruptError, NotFoundError
from stagemill.execute.forms import Forms
from stagemill.execute.tree import TreeLayer
from stagemill.oci.blobs import Reader, copy
from stagemill.oci.descriptor import Descriptor
from stagemill.store.links import Packed


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
        made = self._made(descriptor.digest)
        if made and made.descriptor.digest == descriptor.digest:
            return
        copy(descriptor, self._forms.source(descriptor), self._store.blobs)

    def _made(self, blob: Digest) -> Packed | None:
        """The blob packed anew, where it was packed from a layer whose directory is still here, or recompressed from a base's."""
        links = self._store.links
        for layer, packed in links.packs():
            if packed.descriptor.digest == blob and self._store.layers.has(layer):
                return self._forms.packed(TreeLayer("layer", layer))
        for one in links.variants():
            if one.packed.descriptor.digest == blob:
                from stagemill.layer.compression import Compression  # noqa: PLC0415  few images have another one

                chain = links.base(one.layer) is not None
                if chain or self._store.layers.has(one.layer):
                    form: Literal["chain", "layer"] = "chain" if chain else "layer"
                    return self._forms.described(TreeLayer(form, one.layer), Compression.parse(one.form), force=True)
        return None
