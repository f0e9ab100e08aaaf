"""`Packaging`: the form that the blobs of an image have: how its layers are compressed, and whose media types it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from threading import Event
from typing import TYPE_CHECKING

from stagemill.execute.forms import Forms
from stagemill.execute.tree import Tree, TreeLayer
from stagemill.oci import media_types
from stagemill.oci.descriptor import Descriptor
from stagemill.store.links import Packed
from stagemill.store.locks import never
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.execute.streams import Stopped
    from stagemill.layer.compression import Compression

_PARALLEL = 2


@dataclass(frozen=True, slots=True)
class Packaging:
    """`compression` is that of the image's own layers, None being the usual one.

    The layers of its base keep theirs, unless all have to have it (`force`). With `docker` manifest, config and layers have
    the media types of Docker's schema 2.
    """

    compression: Compression | None = None
    force: bool = False
    docker: bool = False

    def layer(self, layer: TreeLayer, forms: Forms, *, stopped: Stopped = never) -> Packed:
        """A layer's blob in this form; it is in the store, unless it is a base's that keeps its own. Raises CancelledError."""
        if self.compression is None:
            return forms.packed(layer, stopped=stopped)
        return forms.described(layer, self.compression, force=self.force, stopped=stopped)

    def layers(self, tree: Tree, forms: Forms) -> list[Packed]:
        """Those of all layers, the lowest first; several are made at once."""
        if self.compression is None:
            return forms.all_packed(tree)
        from stagemill.execute.parallel import threads  # noqa: PLC0415  most images are of the usual form

        stopped = Event()
        with threads(_PARALLEL, name="pack", stopped=stopped) as pool:
            return list(pool.map(partial(self.layer, forms=forms, stopped=stopped.is_set), tree.layers))

    def named(self, packed: Sequence[Packed]) -> tuple[Descriptor, ...]:
        """As a manifest names them."""
        named = media_types.of_docker if self.docker else media_types.of_oci
        blobs = (one.descriptor for one in packed)
        return tuple(replace(blob, media_type=named(blob.media_type)) for blob in blobs)


USUAL = Packaging()
