"""`Packaging`: the form that the blobs of an image have: how its layers are compressed, and whose media types it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from threading import Event
from typing import TYPE_CHECKING

from stagemill.errors import StagemillError
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
        """As a manifest names them. Raises StagemillError where Docker has no media type for one."""
        return tuple(self._named(one.descriptor) for one in packed)

    def _named(self, blob: Descriptor) -> Descriptor:
        if not self.docker:
            return replace(blob, media_type=media_types.OCI_OF.get(blob.media_type, blob.media_type))
        media_type = media_types.DOCKER_OF.get(blob.media_type)
        if media_type is None:
            kind = blob.media_type.rpartition(".")[2]
            raise StagemillError(
                f"Docker's media types have none for the layer {blob.digest.short} of the base, which is {kind}",
                hint="leave oci-mediatypes=false out, or add compression=gzip,force-compression=true",
            )
        return replace(blob, media_type=media_type)


USUAL = Packaging()
