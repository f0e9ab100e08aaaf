"""Exporting a cache: the steps of a build and their layers, sent to where other machines import them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Literal

from stagemill import events
from stagemill.cache.contents import CacheContents, CachedLayer, CachedStep
from stagemill.cache.documents import USUAL, Form, document
from stagemill.cache.keep import Keep
from stagemill.digest import Digest
from stagemill.errors import CorruptError
from stagemill.execute.cache import is_remembered
from stagemill.execute.forms import Forms
from stagemill.execute.parallel import threads
from stagemill.execute.progress import Progress, reporter
from stagemill.execute.shipping import StoredBlobs
from stagemill.execute.streams import Counted
from stagemill.execute.tree import Result, Tree, TreeLayer
from stagemill.graph.sealing import sealed
from stagemill.graph.vertex import Vertex
from stagemill.oci.blobs import Reader
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.verify import VerifyingReader
from stagemill.solve.protocols import Cache
from stagemill.store.links import Packed
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.execute.travelling import MountNames, PackedMount
    from stagemill.layer.compression import Compression

PARALLEL = 4
_PARALLEL_PACKS = 2


@dataclass(frozen=True, slots=True)
class Export:
    """One cache to write, by what people call it; `open` is for the length of the writing.

    `min` has only steps whose layers are in a target's image. Layers that imports have keep their compression unless it is
    forced. Of the cache mounts of steps those that `mounts` mean go with it. `parallel` blobs are sent at once.
    """

    name: str
    open: Callable[[], AbstractContextManager[Keep]]
    mode: Literal["min", "max"] = "max"
    form: Form = USUAL
    compression: Compression | None = None
    force: bool = False
    mounts: MountNames | None = None
    parallel: int = PARALLEL


@dataclass(frozen=True, slots=True)
class Sent:
    """What was written: how many steps the cache has now, and how many bytes had to be moved for it."""

    steps: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Finished:
    """What a build has made: its vertices, the trees of its targets, and where the results of all of them are found.

    `ran` are the vertices that were carried out, and not found.
    """

    vertices: Sequence[Vertex]
    targets: Sequence[Tree]
    cache: Cache[Result]
    forms: Forms
    ran: frozenset[Digest] = frozenset()

    def steps(self, mode: Literal["min", "max"]) -> Iterator[tuple[Vertex, Digest, Tree]]:
        """Each step with its canonical key and its result."""
        shown = {layer for tree in self.targets for layer in tree.layers}
        for vertex in self.vertices:
            hit = self.cache.load(vertex.digest) if is_remembered(vertex) else None
            if hit and isinstance(hit.result, Tree) and (mode == "max" or shown.issuperset(hit.result.layers)):
                yield vertex, hit.canonical, hit.result


def export(made: Finished, to: Export, *, listener: events.Listener, clock: Callable[[], float]) -> Sent:
    """The cache is whole where it is kept, and named. Raises StagemillError; it is as it was before then."""
    step = Digest.of(f"export {to.name}".encode())
    listener(events.Started(step, f"exporting the cache to {to.name}", clock()))
    try:
        sent = _Exporting(made, to, reporter(step, listener, clock), listener, clock).run()
    except BaseException as error:
        listener(events.Failed(step, str(error), clock()))
        raise
    listener(events.Finished(step, clock()))
    return sent


@dataclass(frozen=True, slots=True)
class _Exporting:
    made: Finished
    to: Export
    progress: Progress
    listener: events.Listener
    clock: Callable[[], float]

    def run(self) -> Sent:
        """What an import is to give, and does not, is left out."""
        imports = self.made.forms.imports
        while True:
            usable = imports.usable if imports else 0
            try:
                return self._write()
            except CorruptError:
                if not imports or imports.usable == usable:
                    raise

    def _write(self) -> Sent:
        with self.made.forms.store.scratch() as scratch:
            mounts = self._mounts(scratch)
            contents = replace(gather(self.made, self.to), mounts=tuple(one.mount for one in mounts))
            config, data, top = document(contents, self.to.form)
            stopped = Event()
            files = {one.mount.blob.digest: one.path for one in mounts if one.path}
            source = _Blobs(self.made.forms, {config.digest: data}, files, self.progress, stopped)
            with self.to.open() as keep:

                def send(blob: Descriptor) -> int:
                    return blob.size if keep.send(blob, source) else 0

                with threads(self.to.parallel, name="export", stopped=stopped) as pool:
                    moved = sum(pool.map(send, (*contents.blobs, config)))
                keep.name(top)
            return Sent(len(contents.steps), moved + len(top.data))

    def _mounts(self, scratch: Path) -> list[PackedMount]:
        """The cache mounts that go with it, in the order of their names."""
        wanted = self.to.mounts
        if not wanted:
            return []
        from stagemill.execute.travelling import Packing, mounts_of  # noqa: PLC0415  few caches have any with them
        from stagemill.layer.compression import Compression  # noqa: PLC0415

        def told(text: str) -> None:
            self.listener(events.Notice(text, self.clock()))

        made = self.made
        compression = self.to.compression or Compression("zstd" if self.to.form.oci_types else "gzip")
        packing = Packing(made.forms.store, scratch, compression, self.clock, told)
        found = packing.all(mounts_of(made.vertices, made.cache, made.ran), wanted, made.forms.imports)
        return sorted(found, key=lambda one: one.mount.name)


def gather(made: Finished, to: Export) -> CacheContents:
    """What the cache will hold; layers that have never been packed are, several at once."""
    steps = list(made.steps(to.mode))
    own = dict.fromkeys(layer for _, _, tree in steps for layer in tree.layers if layer.form == "layer")
    stopped = Event()

    def described(layer: TreeLayer) -> Packed:
        return made.forms.described(layer, to.compression, force=to.force, stopped=stopped.is_set)

    with threads(_PARALLEL_PACKS, name="pack", stopped=stopped) as pool:
        facts = dict(zip(own, pool.map(described, own), strict=True))
    return CacheContents.of(_step(each, facts, made.forms) for each in steps)


def inline(
    made: Iterable[tuple[Vertex, Digest, Tree]], packed: Mapping[TreeLayer, Packed], forms: Forms
) -> CacheContents:
    """Those steps whose layers are all in an image; its own manifest says where the blobs are."""
    steps = [
        _step(each, packed, forms, blobs=False) for each in made if all(layer in packed for layer in each[2].layers)
    ]
    return CacheContents.of(steps)


def _step(
    made: tuple[Vertex, Digest, Tree], packed: Mapping[TreeLayer, Packed], forms: Forms, *, blobs: bool = True
) -> CachedStep:
    vertex, key, tree = made
    layers: list[CachedLayer] = []
    for layer in tree.layers:
        facts = packed[layer] if layer.form == "layer" else None
        diff_id, blob = (facts.diff_id, facts.descriptor) if facts else (None, None)
        layers.append(CachedLayer(layer.form, layer.digest, layer.created, diff_id, blob if blobs else None))
    definitions = () if vertex.digest == key else (vertex.digest,)
    return CachedStep(key, definitions, tuple(layers), vertex.label.name, _ingredients(key, forms))


def _ingredients(key: Digest, forms: Forms) -> str:
    """Those of a step's key, sealed: as its record here has them, or the cache that it was found in."""
    record = forms.store.records.get(key)
    known = sealed(record.ingredients) if record else ""
    found = forms.imports.step(key) if forms.imports and not known else None
    return found.ingredients if found else known


@dataclass(frozen=True, slots=True)
class _Blobs:
    """A source of all that is exported: small documents, what the store has, and what imports have."""

    forms: Forms
    documents: Mapping[Digest, bytes]
    files: Mapping[Digest, Path]
    progress: Progress
    stopped: Event

    @contextmanager
    def open(self, descriptor: Descriptor, /) -> Iterator[Reader]:
        data = self.documents.get(descriptor.digest)
        if data is not None:
            yield io.BytesIO(data)
            return
        with self._opened(descriptor) as reader:
            part = str(descriptor.digest)
            yield Counted(reader, descriptor=descriptor, part=part, progress=self.progress, stopped=self.stopped.is_set)

    @contextmanager
    def _opened(self, descriptor: Descriptor) -> Iterator[Reader]:
        if path := self.files.get(descriptor.digest):
            with path.open("rb") as file:
                yield VerifyingReader(file, descriptor, where=str(path))
            return
        if self.forms.store.blobs.has(descriptor):
            with StoredBlobs(self.forms).open(descriptor) as reader:
                yield reader
            return
        with ExitStack() as stack:
            with self.forms.giving_up(descriptor):
                reader = stack.enter_context(self.forms.source(descriptor).open(descriptor))
            yield _Borrowed(reader, descriptor, self.forms)


@dataclass(frozen=True, slots=True)
class _Borrowed:
    """A reader of what an import has. Where it fails, that one is lost; what whoever reads does wrong is his own."""

    reader: Reader
    descriptor: Descriptor
    forms: Forms

    def read(self, size: int, /) -> bytes:
        with self.forms.giving_up(self.descriptor):
            return self.reader.read(size)
