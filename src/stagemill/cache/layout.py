"""A cache in a directory, which is an OCI image layout: a `Place` to read from, and a `Keep` to write to.

Several caches may share a directory, by tag. What none of them names is removed when one is written, so that a directory
does not grow for ever. Source: OCI image-spec image-layout.md.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import get_ident
from time import sleep

from stagemill.digest import Digest
from stagemill.errors import CacheError, CancelledError, NotFoundError
from stagemill.oci import media_types
from stagemill.oci.blobs import BlobSource, Reader, chunks
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.manifest import Index, Manifest
from stagemill.oci.verify import VerifyingReader
from stagemill.regex import regex
from stagemill.registry.documents import Document
from stagemill.values import dataclass

LATEST = "latest"
_TAG = "org.opencontainers.image.ref.name"
_LAYOUT = b'{"imageLayoutVersion":"1.0.0"}'
_HEX = regex(r"[0-9a-f]{64}")
_PAUSE = 0.1
_DOCUMENTS = media_types.INDEXES | media_types.MANIFESTS
_Cancelled = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class LayoutPlace:
    """What a tag stands for in a directory, or the manifest with a digest."""

    root: Path
    tag: str = LATEST
    digest: Digest | None = None

    def document(self, digest: Digest | None, /) -> Document:
        entry = self._entry() if digest is None else self._by_digest(digest)
        with self.open(entry) as reader:
            data = b"".join(chunks(reader))
        return Document.of(data, content_type=entry.media_type, what=f"the cache in {self.root}")

    def _entry(self) -> Descriptor:
        if self.digest:
            return self._by_digest(self.digest)
        index = _read_index(self.root)
        if index is None:
            raise CacheError(
                f"there is no cache in {self.root}", hint="write one there with --cache-to type=local,dest=…"
            )
        tags = {entry.annotations.get(_TAG, ""): entry for entry in index.manifests}
        if self.tag not in tags:
            known = ", ".join(sorted(filter(None, tags))) or "none"
            raise CacheError(f"{self.root} has no cache with the tag {self.tag}", hint=f"its tags are: {known}")
        return tags[self.tag]

    def _by_digest(self, digest: Digest) -> Descriptor:
        try:
            size = _blob(self.root, digest).stat().st_size
        except OSError as error:
            raise NotFoundError(
                f"{self.root} has no blob {digest}", hint="the cache is damaged: write it again"
            ) from error
        return Descriptor("", digest, size)

    @contextmanager
    def open(self, descriptor: Descriptor, /) -> Iterator[Reader]:
        path = _blob(self.root, descriptor.digest)
        try:
            file = path.open("rb")
        except FileNotFoundError as error:
            hint = "the cache is damaged: write it again"
            raise NotFoundError(f"{self.root} has no blob {descriptor.digest}", hint=hint) from error
        except OSError as error:
            raise _cannot("read", path, error) from error
        with file:
            yield VerifyingReader(file, descriptor, where=os.fspath(self.root))


@contextmanager
def writing(root: Path, *, tag: str, clean: bool, cancelled: _Cancelled) -> Iterator[LayoutKeep]:
    """A directory to write a cache to, as its only writer for the length of the block; it is made if there is none.

    With `clean` nothing is in it, once the cache is named, that none of its tags leads to. Raises CacheError.
    """
    try:
        (root / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
        lock = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _cannot("write", root, error) from error
    try:
        while not _locked(lock):
            if cancelled():
                raise CancelledError(f"stopped while another build writes to {root}")
            sleep(_PAUSE)
        yield LayoutKeep(root, tag, clean)
    finally:
        os.close(lock)


def _locked(directory: int) -> bool:
    try:
        fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class LayoutKeep:
    """Made by `writing`. Files appear whole, by rename."""

    root: Path
    tag: str
    clean: bool

    def send(self, descriptor: Descriptor, source: BlobSource, /) -> bool:
        path = _blob(self.root, descriptor.digest)
        with suppress(OSError):
            if path.stat().st_size == descriptor.size:
                return False
        with source.open(descriptor) as reader:
            self._write(path, chunks(reader))
        return True

    def name(self, document: Document, /) -> None:
        entry = document.descriptor
        self._write(_blob(self.root, entry.digest), (document.data,))
        self._write(self.root / "oci-layout", (_LAYOUT,))
        before = _read_index(self.root) or Index(())
        others = tuple(other for other in before.manifests if other.annotations.get(_TAG) != self.tag)
        named = replace(entry, annotations={_TAG: self.tag})
        index = Index((*others, named), annotations=before.annotations)
        self._write(self.root / "index.json", (index.serialize(),))
        if self.clean:
            self._remove_orphans(index)

    def _write(self, path: Path, pieces: Iterable[bytes]) -> None:
        temporary = path.with_name(f".{path.name}.{get_ident()}")
        try:
            with temporary.open("wb") as file:
                file.writelines(pieces)
            temporary.replace(path)
        except OSError as error:
            raise _cannot("write", path, error) from error
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)

    def _remove_orphans(self, index: Index) -> None:
        """Leaves all as it is where something in the directory cannot be read, and so not be followed."""
        try:
            kept = {entry.digest.hex for entry in self._reached(index.manifests)}
        except (OSError, ValueError):
            return
        folder = self.root / "blobs" / "sha256"
        with suppress(OSError):
            for name in os.listdir(folder):
                # Also what a writer that was killed has left unfinished: there is no other one now.
                if name not in kept and (_HEX.fullmatch(name) or name.startswith(".")):
                    (folder / name).unlink()

    def _reached(self, entries: Iterable[Descriptor]) -> Iterator[Descriptor]:
        waiting = list(entries)
        while waiting:
            entry = waiting.pop()
            yield entry
            if entry.media_type in _DOCUMENTS:
                data = _blob(self.root, entry.digest).read_bytes()
                if entry.media_type in media_types.INDEXES:
                    waiting += Index.parse(data).manifests
                else:
                    manifest = Manifest.parse(data)
                    waiting += (manifest.config, *manifest.layers)


def _blob(root: Path, digest: Digest) -> Path:
    return root / "blobs" / "sha256" / digest.hex


def _read_index(root: Path) -> Index | None:
    path = root / "index.json"
    try:
        return Index.parse(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _cannot("read", path, error) from error
    except ValueError as error:
        hint = "name another directory, or remove this one"
        raise CacheError(f"{path} is no index of an image layout: {error}", hint=hint) from error


def _cannot(what: str, path: Path, error: OSError) -> CacheError:
    why = (error.strerror or str(error)).lower()
    return CacheError(f"cannot {what} {path}: {why}", hint="check its permissions and the room on its disk")
