"""`Forms`: the three forms of a layer (directory, index, blob), each made from another when somebody needs it.

A base's layer is fetched, unpacked while it streams, and kept; a layer of a build is packed when it is shipped. One that
an imported cache has is fetched as a base's is; where that fails, the cache counts as lost, and the error is a CorruptError,
after which a build begins anew without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, TypeAlias

from stagemill.digest import Digest
from stagemill.errors import ArchiveError, CacheError, CancelledError, CorruptError, NotFoundError, RegistryError
from stagemill.execute.indexes import Indexes
from stagemill.execute.progress import Progress, quiet
from stagemill.execute.streams import Stopped, Waiting
from stagemill.execute.tree import Tree, TreeLayer
from stagemill.files.view import FileView
from stagemill.layer.hashed import Hashed
from stagemill.oci.blobs import BlobSource, Reader, chunks
from stagemill.oci.descriptor import Descriptor
from stagemill.store.links import BaseLayer, Packed
from stagemill.store.locks import never
from stagemill.store.store import Store
from stagemill.timings import about, measured

if TYPE_CHECKING:  # a build from the cache reads and writes no layer, and comes without what that needs
    from concurrent.futures import Future

    from stagemill.cache.imports import Imports
    from stagemill.layer.compression import Compression
    from stagemill.layer.index import LayerIndex
    from stagemill.layer.stack import StackView

_PARALLEL_PULLS = 4
_PARALLEL_PACKS = 2
_MAX_VIEWS = 64
Remote: TypeAlias = Callable[[str], BlobSource]


class Forms:
    """Makes forms of layers in a store. Thread-safe; two that need the same form make it once, in other processes too.

    `linking` says whether a new layer may have files of one that a step made before: what is torn there would be torn here.
    """

    def __init__(self, store: Store, *, remote: Remote, imports: Imports | None = None, linking: bool = True) -> None:
        self.store = store
        self.imports = imports
        self.linking = linking
        self._remote = remote
        self._views: dict[tuple[TreeLayer, ...], StackView] = {}
        self.indexes = Indexes(store.layers)
        self._homes: dict[TreeLayer, Digest] = {}
        self._touched: set[Digest] = set()
        self.hashed = Hashed()
        self._lock = Lock()

    def view(self, tree: Tree, *, progress: Progress = quiet, cancelled: Event | None = None) -> StackView:
        """The merged tree, readable without a mount."""
        from stagemill.layer.stack import StackView  # noqa: PLC0415  see above

        with self._lock:
            found = self._views.get(tree.layers)
        if found is None:
            layers = self.layers(tree, progress=progress, cancelled=cancelled)
            with self._lock:
                below = self._views.get(tree.layers[:-1])
            own = layers[-1:] if below else layers
            parts = [(self.store.layers.directory(layer), partial(self.index, layer)) for layer in own]
            found = StackView(parts, below=below)
            with self._lock:
                if len(self._views) >= _MAX_VIEWS:
                    self._views.pop(next(iter(self._views)))
                self._views[tree.layers] = found
        return found

    def here(self, tree: Tree) -> bool:
        """Whether all layers have their directory already, and can be read without fetching any."""
        return all(self.home(layer) is not None for layer in tree.layers)

    def home(self, layer: TreeLayer) -> Digest | None:
        """The directory that a layer is in, by its name in the store; None where it is not unpacked."""
        return self._unpacked(layer.digest) if layer.form == "chain" else self.store.home(layer.digest)

    def index(self, layer: Digest) -> LayerIndex:
        return self.indexes.of(layer)

    def directories(
        self, tree: Tree, *, progress: Progress = quiet, cancelled: Event | None = None
    ) -> tuple[Path, ...]:
        """The layer directories, the lowest first."""
        return tuple(map(self.store.layers.directory, self.layers(tree, progress=progress, cancelled=cancelled)))

    def layers(self, tree: Tree, *, progress: Progress = quiet, cancelled: Event | None = None) -> list[Digest]:
        """The names of the layers in the store, all of them with their directory; those that lack one get it, in parallel."""
        if missing := self.missing(tree):
            self._unpack_all(missing, progress=progress, cancelled=cancelled or Event())
        return [self._name(layer) for layer in tree.layers]

    def missing(self, tree: Tree) -> list[TreeLayer]:
        """The layers that have no directory here."""
        return [layer for layer in dict.fromkeys(tree.layers) if layer not in self._homes and self.home(layer) is None]

    def _name(self, layer: TreeLayer) -> Digest:
        """Looked for once: nobody prunes what was marked while this process lives."""
        if found := self._homes.get(layer):
            return found
        found = self.home(layer)
        if found is None:
            raise CorruptError(f"the layer {layer.digest.short} was lost while it was used", hint="build again")
        self.store.layers.touch(found)
        self._homes[layer] = found
        return found

    def _unpacked(self, chain: Digest) -> Digest | None:
        found = self.store.links.layer_of_chain(chain)
        return found if found is not None and self.store.layers.has(found) else None

    def _unpack_all(self, layers: Sequence[TreeLayer], *, progress: Progress, cancelled: Event) -> None:
        """Lower layers are begun first, and a layer waits for those below only where it has to look at them.

        The first error stops the others.
        """
        if len(layers) == 1:
            self._unpack_one(layers[0], None, progress=progress, stopped=cancelled.is_set)
            return
        from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait  # noqa: PLC0415  see above

        futures: dict[Digest, Future[Digest]] = {}
        stopped = Event()

        def is_stopped() -> bool:
            return stopped.is_set() or cancelled.is_set()

        with ThreadPoolExecutor(_PARALLEL_PULLS, thread_name_prefix="pull") as pool:
            try:
                for layer in layers:
                    parent = self._origin(layer).parent
                    below = futures.get(parent) if parent else None
                    futures[layer.digest] = pool.submit(
                        self._unpack_one, layer, below, progress=progress, stopped=is_stopped
                    )
                wait(futures.values(), return_when=FIRST_EXCEPTION)
            finally:
                stopped.set()
        errors = [error for future in futures.values() if (error := future.exception())]
        if errors:
            raise min(errors, key=lambda error: isinstance(error, CancelledError))

    def _unpack_one(
        self, layer: TreeLayer, below: Future[Digest] | None, *, progress: Progress, stopped: Stopped
    ) -> Digest:
        """Where it has to look at the layers below it, and somebody unpacks the next of them, it waits for that."""
        base = self._origin(layer)
        parent = Waiting(partial(self._below, base, below))
        unpack = self._unpack if layer.form == "chain" else self._unpack_own
        return unpack(base, parent, progress=progress, stopped=stopped)

    def _below(self, base: BaseLayer, future: Future[Digest] | None) -> FileView:
        """The tree under a base's layer, when it is there."""
        if future is not None:
            future.result()
        chain: list[TreeLayer] = []
        parent = base.parent
        while parent is not None:
            chain.append(TreeLayer("chain", parent))
            parent = self.base(parent).parent
        return self.view(Tree(tuple(reversed(chain))))

    def _origin(self, layer: TreeLayer) -> BaseLayer:
        """What a layer can be unpacked from. A build's own layers stand alone: they take nothing for granted."""
        if layer.form == "chain":
            return self.base(layer.digest)
        packed = self._away(layer.digest)
        return BaseLayer(layer.digest, None, packed.diff_id, packed.descriptor, "")

    def _away(self, layer: Digest) -> Packed:
        """The blob of a build's layer that is not unpacked here."""
        packed = self.store.links.packed(layer)
        if packed and self.store.blobs.has(packed.descriptor):
            return packed
        known = self.imports.layer(layer) if self.imports else None
        if known and known.blob and known.diff_id:
            return Packed(known.diff_id, known.blob)
        raise CorruptError(f"layer {layer.short} is neither in the store nor in a cache", hint="build again")

    def base(self, chain: Digest) -> BaseLayer:
        """What is known of a base's layer. Raises CorruptError where that is nothing."""
        found = self.store.links.base(chain)
        if found is None:
            raise CorruptError(f"the store does not know where base layer {chain.short} came from", hint="build again")
        return found

    @measured("unpack")
    def _unpack(self, base: BaseLayer, parent: FileView, *, progress: Progress, stopped: Stopped) -> Digest:
        from stagemill.execute.arriving import again  # noqa: PLC0415  see above
        from stagemill.layer.unpack import unpack  # noqa: PLC0415

        about(str(base.descriptor.digest))
        with self.store.lock(f"layer-{base.chain.hex}", stopped):
            if found := self._unpacked(base.chain):
                return found

            def receive() -> Digest:
                blob = self.stream(base.descriptor, base.reference, progress=progress, stopped=stopped)
                with self.store.layers.workspace() as workspace, blob as stream:
                    index = unpack(
                        stream,
                        media_type=base.descriptor.media_type,
                        into=workspace.fs,
                        parent=parent if base.parent else None,
                        diff_id=base.diff_id,
                    )
                    return workspace.commit(index.serialize())

            layer = again(receive)
            self.store.links.set_layer_of_chain(base.chain, layer)
            self.store.links.set_packed(layer, Packed(base.diff_id, base.descriptor))
            return layer

    def _unpack_own(self, origin: BaseLayer, parent: FileView, *, progress: Progress, stopped: Stopped) -> Digest:
        """The same for a layer of a build, which may unpack to a directory of another name: sockets are in no archive."""
        with self.giving_up(origin.descriptor):
            found = self._unpack(origin, parent, progress=progress, stopped=stopped)
        self.store.links.set_packed(origin.chain, Packed(origin.diff_id, origin.descriptor))
        return found

    @contextmanager
    def giving_up(self, blob: Descriptor) -> Iterator[None]:
        """Loses the caches that have a blob which cannot be used; another thread may have lost them already."""
        try:
            yield
        except (ArchiveError, CacheError, CorruptError, RegistryError) as error:
            if self.imports is None:
                raise
            if self.imports.has(blob.digest):
                self.imports.lose(blob.digest, error)
            raise CorruptError(f"a layer of an imported cache cannot be used: {error.message}") from error

    def stream(
        self, blob: Descriptor, reference: str = "", *, progress: Progress = quiet, stopped: Stopped = never
    ) -> AbstractContextManager[Reader]:
        """The bytes of a blob, which the store has afterwards."""
        from stagemill.execute.arriving import streamed  # noqa: PLC0415  see above

        return streamed(self.store, partial(self.source, blob, reference), blob, progress=progress, stopped=stopped)

    def source(self, descriptor: Descriptor, reference: str = "") -> BlobSource:
        """Where a blob is that is not in the store. Raises NotFoundError where nobody knows."""
        if self.imports and self.imports.has(descriptor.digest):
            return self.imports
        origin = reference or self.store.links.origin(descriptor.digest)
        if not origin:
            hint = "pull or load its image again"
            raise NotFoundError(
                f"blob {descriptor.digest.short} is not in the store, and nobody knows where it was", hint=hint
            )
        return self._remote(origin)

    def packed(self, layer: TreeLayer, *, stopped: Stopped = never) -> Packed:
        """The blob of a layer by its name; a layer of a build is packed now if it never was. Raises CancelledError."""
        if found := self._found(layer):
            return found
        with self.store.lock(f"pack-{layer.digest.hex}", stopped):
            return self._found(layer) or self._pack(layer, stopped)

    def all_packed(self, tree: Tree) -> list[Packed]:
        """The blobs of all layers, the lowest first; those that are missing are packed, several at once."""
        found = {layer: self._found(layer) for layer in tree.layers}
        missing = [layer for layer, packed in found.items() if packed is None]
        if missing:
            from stagemill.execute.parallel import threads  # noqa: PLC0415  see above

            stopped = Event()
            with threads(_PARALLEL_PACKS, name="pack", stopped=stopped) as pool:
                found.update(zip(missing, pool.map(partial(self.packed, stopped=stopped.is_set), missing), strict=True))
        return [packed for layer in tree.layers if (packed := found[layer])]

    def _found(self, layer: TreeLayer) -> Packed | None:
        """The blob of a layer if nothing has to be done for it."""
        if layer.form == "chain":
            base = self.base(layer.digest)
            return Packed(base.diff_id, base.descriptor)
        for name in dict.fromkeys((layer.digest, self.home(layer))):
            found = self.store.links.packed(name) if name else None
            if found and self.store.blobs.has(found.descriptor):
                return found
        return None

    def _pack(self, layer: TreeLayer, stopped: Stopped) -> Packed:
        home = self.home(layer)
        if home is None:
            return self.fetch(layer, stopped=stopped)
        packed = self._packed_as(home, None, stopped)
        self.store.links.set_packed(layer.digest, packed)
        return packed

    def _packed_as(self, home: Digest, compression: Compression | None, stopped: Stopped) -> Packed:
        from stagemill.layer.compression import USUAL  # noqa: PLC0415  see above
        from stagemill.layer.pack import pack_blob  # noqa: PLC0415

        def pause() -> None:
            if stopped():
                raise CancelledError("the build was stopped")

        how = compression or USUAL
        directory, index = self.store.layers.directory(home), self.index(home)
        with self.store.blobs.writer() as writer:
            facts = pack_blob(
                directory, index, writer, compression=how, pause=pause, shelf=self.store.blocks, hashed=self.hashed
            )
        return Packed(facts.diff_id, Descriptor(how.media_type, facts.digest, facts.size))

    def described(
        self,
        layer: TreeLayer,
        compression: Compression | None = None,
        *,
        force: bool = False,
        stopped: Stopped = never,
    ) -> Packed:
        """The blob as which a layer is sent somewhere: a build's compressed as asked if it is packed for that now.

        A base's, and one that an imported cache has, is taken as it is there, and not fetched, unless it must (`force`) have
        that form. Forms are kept beside each other. Raises CancelledError.
        """
        foreign = layer.form == "chain" or self.home(layer) is None
        if foreign and not force:
            return self._found(layer) or self._away(layer.digest)
        if compression is None:
            return self.packed(layer, stopped=stopped)
        found = self._found(layer)
        if found and compression.fits(found.descriptor.media_type):
            return found
        (name,) = (layer.digest,) if layer.form == "chain" else self.layers(Tree((layer,)))
        form = str(compression)
        with self.store.lock(f"pack-{name.hex}-{form}", stopped):
            known = self.store.links.variant(name, form)
            if known and self.store.blobs.has(known.descriptor):
                return known
            pack = self._recompressed if layer.form == "chain" else self._packed_as
            made = pack(name, compression, stopped)
            self.store.links.set_variant(name, form, made)
            return made

    def _recompressed(self, chain: Digest, compression: Compression, stopped: Stopped) -> Packed:
        """A base's layer, whose tar stays what it is."""
        from stagemill.execute.shipping import StoredBlobs  # noqa: PLC0415  it looks into forms itself
        from stagemill.layer.compression import recompress  # noqa: PLC0415  see above

        base = self.base(chain)
        self.bring(chain, stopped=stopped)
        with StoredBlobs(self).open(base.descriptor) as reader, self.store.blobs.writer() as writer:
            recompress(reader, writer.write, compression, diff_id=base.diff_id)
            digest, size = writer.commit()
        return Packed(base.diff_id, Descriptor(compression.media_type, digest, size))

    def bring(self, chain: Digest, *, progress: Progress = quiet, stopped: Stopped = never) -> None:
        """The blob of a base's layer is in the store afterwards, where anybody knows a place that it came from.

        Who unpacks it at the same time fetches it for both, or finds it here.
        """
        base = self.base(chain)
        blob = base.descriptor
        if not base.reference or self.store.blobs.has(blob):
            return
        with self.store.lock(f"layer-{chain.hex}", stopped):
            if not self.store.blobs.has(blob):
                self._receive(blob, base.reference, progress=progress, stopped=stopped)

    def fetch(self, layer: TreeLayer, *, progress: Progress = quiet, stopped: Stopped = never) -> Packed:
        """A layer that an imported cache has: its blob is in the store afterwards."""
        packed = self._away(layer.digest)
        blob = packed.descriptor
        with self.giving_up(blob), self.store.lock(f"blob-{blob.digest.hex}", stopped):
            if not self.store.blobs.has(blob):
                self._receive(blob, progress=progress, stopped=stopped)
        self.store.links.set_packed(layer.digest, packed)
        return packed

    def _receive(self, blob: Descriptor, reference: str = "", *, progress: Progress, stopped: Stopped) -> None:
        from stagemill.execute.arriving import again  # noqa: PLC0415  see above

        def receive() -> None:
            with self.stream(blob, reference, progress=progress, stopped=stopped) as reader:
                for _ in chunks(reader):
                    pass

        again(receive)
