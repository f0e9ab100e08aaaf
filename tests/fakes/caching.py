"""Contents of caches and sources of them, made for tests: steps with layers whose blobs are in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event

from fakes.blobs import MemoryBlobs
from stagemill.cache.contents import CacheContents, CachedLayer, CachedStep
from stagemill.cache.documents import USUAL, Form, document
from stagemill.cache.imports import Opened, Source
from stagemill.digest import Digest
from stagemill.errors import CacheError, NotFoundError, StagemillError
from stagemill.oci import media_types
from stagemill.oci.blobs import BlobSource, Reader, chunks
from stagemill.oci.descriptor import Descriptor
from stagemill.registry.documents import Document

BASE = CachedLayer("chain", Digest.of(b"base"))


def key(name: str) -> Digest:
    return Digest.of(f"key of {name}".encode())


def definition(name: str) -> Digest:
    return Digest.of(f"definition of {name}".encode())


def layer(blobs: MemoryBlobs, name: str) -> CachedLayer:
    """A layer whose blob, which is no archive, is in memory."""
    data = f"blob of {name}".encode()
    blob = Descriptor(media_types.LAYER_GZIP, blobs.put(data), len(data))
    tar = Digest.of(f"tar of {name}".encode())
    return CachedLayer("layer", Digest.of(f"layer of {name}".encode()), "2026-01-01T00:00:00Z", tar, blob)


def step(name: str, *layers: CachedLayer) -> CachedStep:
    return CachedStep(key(name), (definition(name),), layers, f"RUN {name}")


def contents(blobs: MemoryBlobs, *names: str) -> CacheContents:
    """A step for each name, on a base, with a layer of its own."""
    return CacheContents.of(step(name, BASE, layer(blobs, name)) for name in names)


@dataclass
class MemoryKeep:
    """A `Keep` and a `Place`; `sent` has the digests in the order in which they came."""

    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)
    named: Document | None = None
    sent: list[Digest] = field(default_factory=list)
    error: StagemillError | None = None

    def send(self, descriptor: Descriptor, source: BlobSource, /) -> bool:
        if self.error:
            raise self.error
        if self.blobs.has(descriptor):
            return False
        with source.open(descriptor) as reader:
            self.blobs.write(descriptor, chunks(reader))
        self.sent.append(descriptor.digest)
        return True

    def name(self, top: Document, /) -> None:
        self.named = top
        self.blobs.put(top.data)

    def document(self, digest: Digest | None, /) -> Document:
        if digest is not None:
            return Document.of(self.blobs.read(digest), content_type="", what="a test")
        if self.named is None:
            raise NotFoundError("there is nothing", hint="export something")
        return self.named

    @contextmanager
    def open(self, descriptor: Descriptor, /) -> Iterator[Reader]:
        with self.blobs.open(descriptor) as reader:
            yield reader


def kept(found: CacheContents, blobs: MemoryBlobs, form: Form = USUAL) -> MemoryKeep:
    """A keep that these contents were written to."""
    keep = MemoryKeep(blobs)
    _, data, top = document(found, form)
    blobs.put(data)
    keep.name(top)
    return keep


def source(name: str, found: CacheContents, blobs: BlobSource, *, size: int = 0) -> Source:
    return Source(name, lambda: Opened(found, blobs, size))


def failing(name: str, error: StagemillError | None = None) -> Source:
    def fail() -> Opened:
        raise error or CacheError("it is broken", hint="mend it")

    return Source(name, fail)


def hanging(name: str, until: Event) -> Source:
    def wait() -> Opened:
        assert until.wait(60)
        return Opened(CacheContents(), MemoryBlobs(), 0)

    return Source(name, wait)
