"""`Forms`: the three forms of a layer (directory, index, blob), each made from another when somebody needs it.

A base's layer is fetched, unpacked while it streams, and kept; a layer of a build is packed when it is shipped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, TypeAlias

from stagemill.digest import Digest
from stagemill.errors import CancelledError, CorruptError, NotFoundError
from stagemill.execute.progress import Progress, quiet
from stagemill.execute.tree import Tree, TreeLayer
from stagemill.files.view import Entry, FileView
from stagemill.oci import media_types
from stagemill.oci.blobs import BlobSource, Reader
from stagemill.oci.descriptor import Descriptor
from stagemill.store.links import BaseLayer, Packed
from stagemill.store.locks import never
from stagemill.store.store import Store

if TYPE_CHECKING:  # a build from the cache reads and writes no layer, and comes without what that needs
    from concurrent.futures import Future

    from stagemill.layer.index import LayerIndex
    from stagemill.layer.stack import StackView

_PARALLEL_PULLS = 4
_PARALLEL_PACKS = 2
_MAX_VIEWS = 64
Remote: TypeAlias = Callable[[str], BlobSource]
Stopped: TypeAlias = Callable[[], bool]


class Forms:
    """Makes forms of layers in a store. Thread-safe; two that need the same form make it once, in other processes too."""

    def __init__(self, store: Store, *, remote: Remote) -> None:
        self.store = store
        self._remote = remote
        self._views: dict[tuple[TreeLayer, ...], StackView] = {}
        self._indexes: dict[Digest, LayerIndex] = {}
        self._lock = Lock()

    def view(self, tree: Tree, *, progress: Progress = quiet, cancelled: Event | None = None) -> StackView:
        """The merged tree, readable without a mount."""
        from stagemill.layer.stack import StackView  # noqa: PLC0415  see above

        with self._lock:
            found = self._views.get(tree.layers)
        if found is None:
            layers = self.layers(tree, progress=progress, cancelled=cancelled)
            parts = [(self.store.layers.directory(layer), partial(self.index, layer)) for layer in layers]
            found = StackView(parts)
            with self._lock:
                if len(self._views) >= _MAX_VIEWS:
                    self._views.pop(next(iter(self._views)))
                self._views[tree.layers] = found
        return found

    def here(self, tree: Tree) -> bool:
        """Whether all layers have their directory already, and can be read without fetching any."""
        return all(layer.form == "layer" or self._unpacked(layer.digest) is not None for layer in tree.layers)

    def index(self, layer: Digest) -> LayerIndex:
        with self._lock:
            found = self._indexes.get(layer)
        if found is None:
            from stagemill.layer.index import LayerIndex  # noqa: PLC0415  see above

            found = LayerIndex.parse(self.store.layers.index(layer))
            with self._lock:
                self._indexes[layer] = found
        return found

    def directories(
        self, tree: Tree, *, progress: Progress = quiet, cancelled: Event | None = None
    ) -> tuple[Path, ...]:
        """The layer directories, the lowest first."""
        return tuple(map(self.store.layers.directory, self.layers(tree, progress=progress, cancelled=cancelled)))

    def layers(self, tree: Tree, *, progress: Progress = quiet, cancelled: Event | None = None) -> list[Digest]:
        """The names of the layers in the store, all of them with their directory; a base's are unpacked in parallel."""
        chains = [layer.digest for layer in tree.layers if layer.form == "chain"]
        missing = [chain for chain in chains if self._unpacked(chain) is None]
        if missing:
            self._unpack_all(missing, progress=progress, cancelled=cancelled or Event())
        return [self._name(layer) for layer in tree.layers]

    def _name(self, layer: TreeLayer) -> Digest:
        if layer.form == "layer":
            return layer.digest
        found = self._unpacked(layer.digest)
        if found is None:
            raise CorruptError(f"the base layer {layer.digest.short} was lost while it was used", hint="build again")
        return found

    def _unpacked(self, chain: Digest) -> Digest | None:
        found = self.store.links.layer_of_chain(chain)
        return found if found is not None and self.store.layers.has(found) else None

    def _unpack_all(self, chains: Sequence[Digest], *, progress: Progress, cancelled: Event) -> None:
        """Lower layers are begun first, and a layer waits for those below only where it has to look at them.

        The first error stops the others.
        """
        from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait  # noqa: PLC0415  see above

        futures: dict[Digest, Future[Digest]] = {}
        stopped = Event()

        def is_stopped() -> bool:
            return stopped.is_set() or cancelled.is_set()

        with ThreadPoolExecutor(_PARALLEL_PULLS, thread_name_prefix="pull") as pool:
            try:
                for chain in chains:
                    base = self._base(chain)
                    below = futures.get(base.parent) if base.parent else None
                    parent = _Waiting(partial(self._below, base, below))
                    futures[chain] = pool.submit(self._unpack, base, parent, progress=progress, stopped=is_stopped)
                wait(futures.values(), return_when=FIRST_EXCEPTION)
            finally:
                stopped.set()
        errors = [error for future in futures.values() if (error := future.exception())]
        if errors:
            raise min(errors, key=lambda error: isinstance(error, CancelledError))

    def _below(self, base: BaseLayer, future: Future[Digest] | None) -> FileView:
        """The tree under a base's layer, when it is there."""
        if future is not None:
            future.result()
        chain: list[TreeLayer] = []
        parent = base.parent
        while parent is not None:
            chain.append(TreeLayer("chain", parent))
            parent = self._base(parent).parent
        return self.view(Tree(tuple(reversed(chain))))

    def _base(self, chain: Digest) -> BaseLayer:
        found = self.store.links.base(chain)
        if found is None:
            raise CorruptError(f"the store does not know where base layer {chain.short} came from", hint="build again")
        return found

    def _unpack(self, base: BaseLayer, parent: FileView, *, progress: Progress, stopped: Stopped) -> Digest:
        from stagemill.layer.unpack import unpack  # noqa: PLC0415  see above

        with self.store.lock(f"layer-{base.chain.hex}", stopped):
            if found := self._unpacked(base.chain):
                return found
            with self.store.layers.workspace() as workspace, self._stream(base, progress, stopped) as stream:
                index = unpack(
                    stream,
                    media_type=base.descriptor.media_type,
                    into=workspace.fs,
                    parent=parent if base.parent else None,
                    diff_id=base.diff_id,
                )
                layer = workspace.commit(index.serialize())
            self.store.links.set_layer_of_chain(base.chain, layer)
            self.store.links.set_packed(layer, Packed(base.diff_id, base.descriptor))
            return layer

    @contextmanager
    def _stream(self, base: BaseLayer, progress: Progress, stopped: Stopped) -> Iterator[Reader]:
        """The blob's bytes: from the store, or from where the image came from, and then kept as they pass by."""
        descriptor = base.descriptor
        if self.store.blobs.has(descriptor):
            with self.store.blobs.open(descriptor) as reader:
                part = f"extracting {descriptor.digest}"
                yield _Counted(reader, descriptor=descriptor, part=part, progress=progress, stopped=stopped)
            return
        with self.source(descriptor, base.reference).open(descriptor) as remote, self.store.blobs.writer() as writer:
            counted = _Counted(
                remote, descriptor=descriptor, part=str(descriptor.digest), progress=progress, stopped=stopped
            )
            kept = _Kept(counted, writer.write)
            yield kept
            while kept.read(1 << 20):
                pass
            writer.commit(descriptor.digest)

    def source(self, descriptor: Descriptor, reference: str = "") -> BlobSource:
        """Where a blob is that is not in the store. Raises NotFoundError where nobody knows."""
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
            return self._found(layer) or self._pack(layer.digest, stopped)

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
            base = self._base(layer.digest)
            return Packed(base.diff_id, base.descriptor)
        found = self.store.links.packed(layer.digest)
        return found if found and self.store.blobs.has(found.descriptor) else None

    def _pack(self, layer: Digest, stopped: Stopped) -> Packed:
        from stagemill.layer.pack import pack_blob  # noqa: PLC0415  see above

        def pause() -> None:
            if stopped():
                raise CancelledError("the build was stopped")

        with self.store.blobs.writer() as writer:
            facts = pack_blob(self.store.layers.directory(layer), self.index(layer), writer, pause=pause)
        packed = Packed(facts.diff_id, Descriptor(media_types.LAYER_GZIP, facts.digest, facts.size))
        self.store.links.set_packed(layer, packed)
        return packed


@dataclass(frozen=True, slots=True)
class _Kept:
    """A reader that hands what it reads to somebody else too."""

    reader: Reader
    keep: Callable[[bytes], object]

    def read(self, size: int, /) -> bytes:
        data = self.reader.read(size)
        if data:
            self.keep(data)
        return data


class _Counted:
    """A reader that reports how far it is, and stops when the build is cancelled."""

    def __init__(
        self, reader: Reader, *, descriptor: Descriptor, part: str, progress: Progress, stopped: Stopped
    ) -> None:
        self._reader = reader
        self._total = descriptor.size
        self._part = part
        self._progress = progress
        self._stopped = stopped
        self._current = 0

    def read(self, size: int, /) -> bytes:
        if self._stopped():
            raise CancelledError("the build was stopped")
        data = self._reader.read(size)
        self._current += len(data)
        self._progress(self._part, self._current, self._total, done=not data)
        return data


class _Waiting:
    """A tree that is made when it is first looked at."""

    def __init__(self, make: Callable[[], FileView]) -> None:
        self._make = make
        self._view: FileView | None = None

    def _ready(self) -> FileView:
        if self._view is None:
            self._view = self._make()
        return self._view

    def lstat(self, path: str) -> Entry | None:
        return self._ready().lstat(path)

    def listdir(self, path: str) -> list[str]:
        return self._ready().listdir(path)

    def digest(self, path: str) -> Digest:
        return self._ready().digest(path)

    def real_path(self, path: str) -> Path:
        return self._ready().real_path(path)
