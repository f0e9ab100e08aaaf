"""A cache in the cache service of GitHub's Actions: a `Place` to read from, and a `Keep` to write to.

The service keeps entries that never change, by key. Blobs are entries by their digests; a document is an entry whose key ends in
the time at which it was written, and the latest counts. Source: the service's second protocol, as the toolkit of Actions and
go-actions-cache speak it: three calls of Twirp in JSON, and the bytes go to and come from URLs of Azure's blob storage that they
give out.
"""

from __future__ import annotations

import json as json_module
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field
from typing import Literal, TypeAlias

from stagemill.digest import Digest
from stagemill.errors import CacheError, NotFoundError
from stagemill.oci import document as json
from stagemill.oci.blobs import BlobSource, Reader, chunks
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.verify import VerifyingReader
from stagemill.registry.documents import MOST_BYTES, Document
from stagemill.registry.download import Download
from stagemill.registry.exchange import Payload, Request, Response, TransportError, body
from stagemill.registry.retry import Sender
from stagemill.values import dataclass

Call: TypeAlias = Literal["CreateCacheEntry", "FinalizeCacheEntryUpload", "GetCacheEntryDownloadURL"]
_CALLS = "twirp/github.actions.results.api.v1.CacheService"
_VERSION = Digest.of(b"stagemill cache 1").hex
_LARGEST = 5000 << 20  # of Azure, in one request
_LARGEST_ANSWER = 1 << 20
_UPLOAD = 300.0  # seconds that the end of one may take
_WAITS, _WAIT = 10, 3.0  # for another job that writes the same blob


@dataclass(frozen=True, slots=True)
class Service:
    """Where the service is, and the job's right to use it. Caches of different scopes do not meet."""

    url: str
    token: str = field(repr=False)
    scope: str = "stagemill"

    def __str__(self) -> str:
        return f"gha:{self.scope}"


class Actions:
    """The service as a place to keep a cache; thread-safe. Errors are StagemillError with a hint, without token or signed URL."""

    def __init__(self, where: Service, sender: Sender, *, clock: Callable[[], float]) -> None:
        self.where = where
        self._sender = sender
        self._clock = clock
        self._index = f"stagemill-index-{Digest.of(where.scope.encode()).short}-"

    def document(self, digest: Digest | None, /) -> Document:
        """The latest of the scope, or the blob with a digest."""
        key = self._index if digest is None else _blob(digest)
        url = self._find(key, prefix=digest is None)
        if url is None:
            raise NotFoundError(
                f"the cache {self.where} is not there", hint="export it first, with --cache-to type=gha"
            )
        with self._told("read it"):
            data = body(self._get(url, 0), limit=MOST_BYTES)
        return Document.of(data, content_type="", what=f"the cache {self.where}")

    @contextmanager
    def open(self, descriptor: Descriptor, /) -> Iterator[Reader]:
        url = self._find(_blob(descriptor.digest))
        if url is None:
            hint = "GitHub removes what is not used for a week, and the oldest where there is too much; export it again"
            raise NotFoundError(f"the cache {self.where} has no blob {descriptor.digest} any more", hint=hint)
        with self._told("read a blob"):
            download = Download(
                lambda offset: self._get(url, offset), size=descriptor.size, sender=self._sender, fail=self._error
            )
        try:
            yield VerifyingReader(download, descriptor, where=str(self.where))
        finally:
            download.close()

    def send(self, descriptor: Descriptor, source: BlobSource, /) -> bool:
        if descriptor.size > _LARGEST:
            hint = "type=registry and type=s3 keep blobs of every size"
            raise CacheError(f"a blob of {descriptor.size} bytes is too large for the cache of Actions", hint=hint)
        key = _blob(descriptor.digest)
        if self._find(key):
            return False

        def pieces() -> Iterable[bytes]:
            with source.open(descriptor) as reader:
                yield from chunks(reader)

        return self._write(key, Payload(descriptor.size, pieces)) or self._written_by_another(key)

    def name(self, document: Document, /) -> None:
        key = f"{self._index}{int(self._clock() * 1e6):020d}"
        self._write(key, Payload(len(document.data), lambda: [document.data]))

    def _write(self, key: str, data: Payload) -> bool:
        """False where somebody else has begun to write an entry with this key, and nothing was written."""
        made = self._call("CreateCacheEntry", {"key": key})
        if made.get("ok") is not True:
            return False
        url = json.text(made, "signed_upload_url")
        headers = {"x-ms-blob-type": "BlockBlob", "Content-Type": "application/octet-stream"}
        with self._told("write to it"):
            answer = self._sender.send(Request(url, "PUT", headers, data, patience=_UPLOAD))
        answer.close()
        if answer.status not in {200, 201}:
            raise self._refused("write to it", answer.status)
        done = self._call("FinalizeCacheEntryUpload", {"key": key, "size_bytes": data.size})
        if done.get("ok") is not True:
            raise CacheError(f"the cache {self.where} does not keep what was written", hint="try it again")
        return True

    def _written_by_another(self, key: str) -> bool:
        """Waits until the entry is there; it was not sent by us."""
        for _ in range(_WAITS):
            if self._find(key):
                return False
            self._sender.pause(_WAIT)
        hint = "build again later, or let it not matter: ignore-error=true"
        raise CacheError(f"another job began to write to the cache {self.where}, and did not end", hint=hint)

    def _find(self, key: str, *, prefix: bool = False) -> str | None:
        """Where the entry can be read; with `prefix` the latest whose key begins so."""
        asked = {"key": key, "restore_keys": [key] if prefix else []}
        found = self._call("GetCacheEntryDownloadURL", asked)
        if found.get("ok") is not True:
            return None
        matched = json.text(found, "matched_key", key)
        fits = matched.startswith(key) if prefix else matched == key
        return json.text(found, "signed_download_url") if fits else None

    def _get(self, url: str, offset: int) -> Response:
        """Raises TransportError for an answer that is none of the bytes."""
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        answer = self._sender.send(Request(url, headers=headers))
        if answer.status not in {200, 206}:
            answer.close()
            raise TransportError(f"it answers with status {answer.status}", again=False)
        return answer

    def _call(self, name: Call, asked: Mapping[str, json.Json]) -> json.JsonObject:
        """The answer, empty where there is no such entry, or there is one already."""
        data = json_module.dumps({**asked, "version": _VERSION}).encode()
        headers = {"Authorization": f"Bearer {self.where.token}", "Content-Type": "application/json"}
        request = Request(f"{self.where.url.rstrip('/')}/{_CALLS}/{name}", "POST", headers, data)
        # Whoever asks twice to begin an entry is told the second time that somebody has begun it.
        send = self._sender.once if name == "CreateCacheEntry" else self._sender.send
        with self._told("reach it"):
            answer = send(request)
            said = body(answer, limit=_LARGEST_ANSWER)
        if answer.status in {404, 409}:
            return {}
        if answer.status != 200:
            raise self._refused("use it", answer.status)
        try:
            return json.parse_object(said, "the answer of the cache service")
        except ValueError as error:
            raise CacheError(f"cannot use the cache {self.where}: {error}", hint="check url_v2") from error

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except TransportError as error:
            raise self._error(error, what) from error

    def _error(self, error: TransportError, what: str = "read it") -> CacheError:
        hint = error.hint or "check url_v2, or ACTIONS_RESULTS_URL in the environment"
        return CacheError(f"cannot {what}, the cache {self.where}: {error.reason}", hint=hint)

    def _refused(self, what: str, status: int) -> CacheError:
        hint = "the service has a bad moment: try it again"
        if status in {401, 403}:
            hint = "the token is a job's own, and good for as long as that runs: ACTIONS_RUNTIME_TOKEN"
        if status == 429:
            hint = "the service wants fewer requests; mode=min has fewer blobs"
        return CacheError(f"cannot {what}, the cache {self.where}: it answers with status {status}", hint=hint)


def _blob(digest: Digest) -> str:
    return f"stagemill-blob-{digest.hex}"
