"""`arriving`: a blob from elsewhere on its way into the store, from the bytes on that an earlier attempt has left there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from stagemill.errors import ArchiveError, CorruptError
from stagemill.execute.progress import Progress
from stagemill.execute.streams import Counted, Kept, Stopped
from stagemill.oci.blobs import CHUNK, BlobSource, Reader, Resumable
from stagemill.oci.descriptor import Descriptor
from stagemill.store.store import Store

T = TypeVar("T")


class StaleError(CorruptError):
    """What an earlier attempt had left was no part of the blob; it is gone now, and the next one begins anew."""


@contextmanager
def arriving(store: Store, source: BlobSource, blob: Descriptor) -> Iterator[Reader]:
    """The blob's bytes, all of them and checked; the store has it when the block ends well.

    Otherwise it keeps what came, for the next time. Raises what the source raises, StoreError, and StaleError.
    """
    with store.partials.claim(blob) as partial:
        if partial is None or not isinstance(source, Resumable):
            with source.open(blob) as reader, store.blobs.writer() as writer:
                kept = Kept(reader, writer.write)
                yield kept
                _drain(kept)
                writer.commit(blob.digest)
            return
        before = partial.kept
        try:
            with source.resume(blob, partial, partial.kept) as reader:
                kept = Kept(reader, partial.write)
                yield kept
                _drain(kept)
            partial.commit()
        except (ArchiveError, CorruptError) as error:
            partial.discard()
            if before:
                raise StaleError(error.message, hint=error.hint) from error
            raise


@contextmanager
def streamed(
    store: Store, source: Callable[[], BlobSource], blob: Descriptor, *, progress: Progress, stopped: Stopped
) -> Iterator[Reader]:
    """The blob's bytes: from the store, or from where it can be had, and then kept as they pass by."""
    if store.blobs.has(blob):
        with store.blobs.open(blob) as reader:
            part = f"extracting {blob.digest}"
            yield Counted(reader, descriptor=blob, part=part, progress=progress, stopped=stopped)
        return
    with arriving(store, source(), blob) as reader:
        counted = Counted(reader, descriptor=blob, part=str(blob.digest), progress=progress, stopped=stopped)
        yield counted
        _drain(counted)


def _drain(reader: Reader) -> None:
    while reader.read(CHUNK):
        pass


def again(fetch: Callable[[], T]) -> T:
    """What the function gives, called a second time where an earlier attempt had left something wrong."""
    try:
        return fetch()
    except StaleError:
        return fetch()
