"""A cache in a bucket of S3, or of what speaks like it: a `Place` to read from, and a `Keep` to write to.

Blobs lie under `blobs/sha256:…`, and the document of a name under `manifests/NAME`, behind a prefix. boto3 signs what is
asked, and finds credentials as every tool of AWS does; it is loaded when a bucket is used, and comes with the extra `s3`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from stagemill.digest import Digest
from stagemill.errors import CacheError, NotFoundError, StagemillError
from stagemill.oci.blobs import BlobSource, Reader
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.verify import VerifyingReader
from stagemill.registry.documents import MOST_BYTES, Document
from stagemill.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

RetryMode: TypeAlias = Literal["standard", "adaptive"]
_CONNECT, _READ = 10, 30  # seconds
_PIECE = 1024 * 1024
_LARGEST_COPY = 5 << 30  # of S3, in one request; what is larger is sent again
_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})
_REFUSED = frozenset({"403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"})


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where a cache is. Names of a cache are several where it is written; the first is read. Secrets are never shown.

    What is there and was written longer than `touch` seconds ago is made young when it is written again, so that a rule of
    the bucket by which old objects expire takes none that a cache has; 0 leaves it. `attempts` are how often a request is
    tried at most, by boto3's `retry_mode`.
    """

    bucket: str
    names: tuple[str, ...] = ("stagemill",)
    region: str = ""
    prefix: str = ""
    blobs: str = "blobs/"
    manifests: str = "manifests/"
    endpoint: str = ""
    path_style: bool = False
    access_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    session_token: str = field(default="", repr=False)
    touch: float = 24 * 3600.0
    attempts: int | None = None
    retry_mode: RetryMode = "standard"

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}{self.names[0]}"

    def blob(self, digest: Digest) -> str:
        return f"{self.prefix}{self.blobs}{digest}"

    def manifest(self, name: str) -> str:
        return f"{self.prefix}{self.manifests}{name}"


class _Client(Protocol):
    """The part of boto3's client that is used here."""

    def head_object(self, **arguments: str) -> Mapping[str, object]: ...
    def get_object(self, **arguments: str) -> Mapping[str, object]: ...
    def put_object(self, **arguments: str | bytes) -> Mapping[str, object]: ...
    def upload_fileobj(self, file: _Whole, bucket: str, key: str, /) -> None: ...
    def copy_object(self, **arguments: str | dict[str, str]) -> Mapping[str, object]: ...


@dataclass(frozen=True, slots=True)
class _Whole:
    """A blob that can be read as a file is: boto3 asks for all of a small one at once."""

    reader: Reader

    def read(self, size: int | None = None, /) -> bytes:
        pieces, left = [], size if size is not None and size >= 0 else None
        while left is None or left > 0:
            piece = self.reader.read(_PIECE if left is None else min(left, _PIECE))
            if not piece:
                break
            pieces.append(piece)
            left = left if left is None else left - len(piece)
        return b"".join(pieces)


class _Body(Protocol):
    def read(self, size: int, /) -> bytes: ...
    def close(self) -> None: ...


class S3:
    """A bucket that can be asked; thread-safe, as boto3's clients are. Errors are StagemillError with a hint."""

    def __init__(self, where: Bucket, *, attempts: int = 4, clock: Callable[[], float] = time.time) -> None:
        """`attempts` are those of a bucket that says nothing of them. Raises StagemillError where boto3 is not there."""
        self.where = where
        self._client = _client(where, where.attempts or attempts)
        self._clock = clock

    def document(self, digest: Digest | None, /) -> Document:
        """What the first name stands for, or the blob with a digest."""
        key = self.where.manifest(self.where.names[0]) if digest is None else self.where.blob(digest)
        with self._told(f"read {key}"):
            body = _body(self._client.get_object(Bucket=self.where.bucket, Key=key))
            try:
                data = body.read(MOST_BYTES)
            finally:
                body.close()
        return Document.of(data, content_type="", what=f"the cache {self.where}")

    @contextmanager
    def open(self, descriptor: Descriptor, /) -> Iterator[Reader]:
        key = self.where.blob(descriptor.digest)
        with self._told(f"read {key}"):
            body = _body(self._client.get_object(Bucket=self.where.bucket, Key=key))
        try:
            yield VerifyingReader(_Told(body, lambda: self._told(f"read {key}")), descriptor, where=str(self.where))
        finally:
            body.close()

    def send(self, descriptor: Descriptor, source: BlobSource, /) -> bool:
        key = self.where.blob(descriptor.digest)
        size, written = self._found(key)
        if size == descriptor.size:
            if not self.where.touch or self._clock() - written <= self.where.touch:
                return False
            if size <= _LARGEST_COPY:
                self._touch(key)
                return False
        with source.open(descriptor) as reader, self._told(f"write {key}"):
            self._client.upload_fileobj(_Whole(reader), self.where.bucket, key)
        return True

    def name(self, document: Document, /) -> None:
        for name in self.where.names:
            key = self.where.manifest(name)
            with self._told(f"write {key}"):
                self._client.put_object(
                    Bucket=self.where.bucket, Key=key, Body=document.data, ContentType=document.media_type
                )

    def _found(self, key: str) -> tuple[int | None, float]:
        """How many bytes an object has, None where it is not there, and when it was written."""
        try:
            with self._told(f"look for {key}"):
                found = self._client.head_object(Bucket=self.where.bucket, Key=key)
        except NotFoundError:
            return None, 0.0
        size, written = found["ContentLength"], found.get("LastModified")
        return size if isinstance(size, int) else None, written.timestamp() if isinstance(written, datetime) else 0.0

    def _touch(self, key: str) -> None:
        """An object can be copied onto itself only where something of it is said anew."""
        with self._told(f"touch {key}"):
            self._client.copy_object(
                CopySource={"Bucket": self.where.bucket, "Key": key},
                Bucket=self.where.bucket,
                Key=key,
                MetadataDirective="REPLACE",
            )

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Makes errors of boto3 ours."""
        from boto3.exceptions import Boto3Error  # noqa: PLC0415  see above
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        try:
            yield
        except ClientError as error:
            raise self._refused(what, error.response.get("Error", {})) from error
        except (BotoCoreError, Boto3Error) as error:
            hint = (
                "check bucket, region and endpoint_url, and the credentials: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY"
            )
            raise CacheError(f"cannot {what} in bucket {self.where.bucket}: {error}", hint=hint) from error

    def _refused(self, what: str, said: Mapping[str, str]) -> StagemillError:
        code, bucket = str(said.get("Code", "")), self.where.bucket
        words = said.get("Message") or code
        if code in _MISSING:
            return NotFoundError(f"cannot {what} in bucket {bucket}: it is not there", hint="export the cache first")
        hint = "check bucket, region and endpoint_url"
        if code in _REFUSED:
            hint = "the credentials need s3:GetObject, s3:PutObject and s3:ListBucket for this bucket"
        return CacheError(f"cannot {what} in bucket {bucket}: {words}", hint=hint)


@dataclass(frozen=True, slots=True)
class _Told:
    """A body whose errors are ours."""

    body: _Body
    told: Callable[[], AbstractContextManager[None]]

    def read(self, size: int, /) -> bytes:
        with self.told():
            return self.body.read(size)


def _body(answer: Mapping[str, object]) -> _Body:
    body: _Body = answer["Body"]  # type: ignore[assignment]
    return body


def _client(where: Bucket, attempts: int) -> _Client:
    try:
        import boto3  # noqa: PLC0415  see above
        from botocore.config import Config  # noqa: PLC0415
    except ImportError as error:
        raise StagemillError("a cache of type=s3 needs boto3", hint="pip install 'stagemill[s3]'") from error
    style = {"addressing_style": "path" if where.path_style else "auto"}
    retries = {"total_max_attempts": attempts, "mode": where.retry_mode}
    config = Config(
        connect_timeout=_CONNECT,
        read_timeout=_READ,
        retries=retries,
        s3=style,
        # Blobs are checked by their digests; other servers than Amazon's often do not know boto3's own checksums.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    client: _Client = boto3.session.Session().client(
        "s3",
        region_name=where.region or None,
        endpoint_url=where.endpoint or None,
        aws_access_key_id=where.access_key or None,
        aws_secret_access_key=where.secret_key or None,
        aws_session_token=where.session_token or None,
        config=config,
    )
    return client
