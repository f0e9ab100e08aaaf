"""A cache in a container of Azure's blob storage: a `Place` to read from, and a `Keep` to write to.

Blobs lie under `blobs/sha256:…`, and the document of a name under `manifests/NAME`, behind a prefix. Azure's own library signs what
is asked; it is loaded when a container is used, and comes with the extra `azblob`.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import field
from typing import TYPE_CHECKING, BinaryIO, Protocol

from stagemill.digest import Digest
from stagemill.errors import CacheError, NotFoundError, StagemillError
from stagemill.oci.blobs import BlobSource, Reader, chunks
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.verify import VerifyingReader
from stagemill.registry.documents import MOST_BYTES, Document
from stagemill.values import dataclass

if TYPE_CHECKING:
    from types import TracebackType

_CONNECT, _READ = 10, 30  # seconds
_REFUSED = frozenset({401, 403})


@dataclass(frozen=True, slots=True)
class Container:
    """Where a cache is. Names of a cache are several where it is written; the first is read. Secrets are never shown.

    `url` is the account's, and may carry a shared access signature; otherwise `key` is the account's.
    """

    url: str = field(repr=False)
    account: str
    key: str = field(default="", repr=False)
    container: str = "stagemill-cache"
    names: tuple[str, ...] = ("stagemill",)
    prefix: str = ""
    blobs: str = "blobs"
    manifests: str = "manifests"

    def __str__(self) -> str:
        return f"azblob:{_path(self.account, self.container, self.prefix, self.names[0])}"

    def blob(self, digest: Digest) -> str:
        return _path(self.prefix, self.blobs, digest)

    def manifest(self, name: str) -> str:
        return _path(self.prefix, self.manifests, name)


def _path(*parts: str) -> str:
    return "/".join(part.strip("/") for part in parts if part.strip("/"))


class _Downloader(Protocol):
    def read(self, size: int) -> bytes: ...


class _Properties(Protocol):
    size: int


class _Blob(Protocol):
    """The part of the library's client of a blob that is used here."""

    def get_blob_properties(self) -> _Properties: ...
    def download_blob(self) -> _Downloader: ...
    def upload_blob(self, data: Iterable[bytes] | BinaryIO | bytes, *, length: int, overwrite: bool) -> object: ...


class _Client(Protocol):
    def get_blob_client(self, blob: str) -> _Blob: ...
    def create_container(self) -> object: ...


class Azure:
    """A container that can be asked; thread-safe. Errors are StagemillError with a hint."""

    def __init__(self, where: Container, *, attempts: int = 4, create: bool = False) -> None:
        """With `create` there is such a container afterwards. Raises StagemillError where the library is not there."""
        self.where = where
        self._client = _client(where, attempts)
        if create:
            self._create()

    def document(self, digest: Digest | None, /) -> Document:
        """What the first name stands for, or the blob with a digest."""
        key = self.where.manifest(self.where.names[0]) if digest is None else self.where.blob(digest)
        with self._told(f"read {key}"):
            data = self._client.get_blob_client(key).download_blob().read(MOST_BYTES)
        return Document.of(data, content_type="", what=f"the cache {self.where}")

    @contextmanager
    def open(self, descriptor: Descriptor, /) -> Iterator[Reader]:
        key = self.where.blob(descriptor.digest)
        with self._told(f"read {key}"):
            found = self._client.get_blob_client(key).download_blob()
        yield VerifyingReader(_Told(found, lambda: self._told(f"read {key}")), descriptor, where=str(self.where))

    def send(self, descriptor: Descriptor, source: BlobSource, /) -> bool:
        key = self.where.blob(descriptor.digest)
        if self._size(key) == descriptor.size:
            return False
        with source.open(descriptor) as reader, self._told(f"write {key}"):
            blob = self._client.get_blob_client(key)
            blob.upload_blob(chunks(reader), length=descriptor.size, overwrite=True)
        return True

    def name(self, document: Document, /) -> None:
        for name in self.where.names:
            key = self.where.manifest(name)
            with self._told(f"write {key}"):
                blob = self._client.get_blob_client(key)
                blob.upload_blob(document.data, length=len(document.data), overwrite=True)

    def _size(self, key: str) -> int | None:
        try:
            with self._told(f"look for {key}"):
                return self._client.get_blob_client(key).get_blob_properties().size
        except NotFoundError:
            return None

    def _create(self) -> None:
        from azure.core.exceptions import ResourceExistsError  # noqa: PLC0415  see above

        with self._told("make it"):
            try:
                self._client.create_container()
            except ResourceExistsError:
                return

    def _told(self, what: str) -> AbstractContextManager[None]:
        return _Telling(what, self.where)


@dataclass(frozen=True, slots=True)
class _Telling:
    """Makes errors of the library ours."""

    what: str
    where: Container

    def __enter__(self) -> None:
        """Nothing is asked yet."""

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        from azure.core.exceptions import AzureError, HttpResponseError  # noqa: PLC0415  see above

        if isinstance(error, HttpResponseError):
            raise self._refused(error.status_code, str(error.reason or error.message)) from error
        if isinstance(error, AzureError):
            reason = error.message.partition("\n")[0]
            hint = "check account_url and the network"
            raise CacheError(f"{self._subject}: {reason}", hint=hint) from error

    @property
    def _subject(self) -> str:
        return f"cannot {self.what} in container {self.where.container} of {self.where.account}"

    def _refused(self, status: int | None, reason: str) -> StagemillError:
        if status == 404:
            return NotFoundError(f"{self._subject}: it is not there", hint="export the cache first")
        hint = "check account_url, account_name and container"
        if status in _REFUSED:
            hint = "the key or the signature must let read, write and create"
        return CacheError(f"{self._subject}: {reason}", hint=hint)


@dataclass(frozen=True, slots=True)
class _Told:
    """A download whose errors are ours."""

    found: _Downloader
    told: Callable[[], AbstractContextManager[None]]

    def read(self, size: int, /) -> bytes:
        with self.told():
            return self.found.read(size)


def _client(where: Container, attempts: int) -> _Client:
    try:
        from azure.core.credentials import AzureNamedKeyCredential  # noqa: PLC0415  see above
        from azure.storage.blob import ContainerClient  # noqa: PLC0415
    except ImportError as error:
        hint = "pip install 'stagemill[azblob]'"
        raise StagemillError("a cache of type=azblob needs azure-storage-blob", hint=hint) from error
    try:
        base64.b64decode(where.key, validate=True)
        client: _Client = ContainerClient(
            where.url,
            where.container,
            credential=AzureNamedKeyCredential(where.account, where.key) if where.key else None,
            connection_timeout=_CONNECT,
            read_timeout=_READ,
            retry_total=attempts - 1,
        )
    except ValueError as error:
        hint = "check account_url, account_name and secret_access_key"
        raise CacheError(f"cannot use the cache {where}: {error}", hint=hint) from error
    return client
