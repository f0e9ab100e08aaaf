"""`CacheFrom` and `CacheTo`, the values of --cache-from and --cache-to. Spelling: buildx's; mode=max where nothing is said."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from stagemill.cache.actions import Service
from stagemill.cache.azure import Container
from stagemill.cache.documents import USUAL, Form
from stagemill.cache.s3 import Bucket, RetryMode
from stagemill.cli.given import compressions
from stagemill.cli.given.cache_places import bucket, container, service
from stagemill.digest import Digest
from stagemill.dockerfile import durations
from stagemill.dockerfile.suggest import nearest
from stagemill.errors import UsageError
from stagemill.layer.compression import Compression
from stagemill.oci.reference import Reference
from stagemill.sandbox.limits import size
from stagemill.values import dataclass

_OTHER_END = {"src": "dest", "dest": "src"}
_FORM = {
    "image-manifest", "oci-mediatypes", "compression", "compression-level", "force-compression", "ignore-error",
    "mounts", "max-size",
}  # fmt: skip
_BUCKET = {
    "bucket", "region", "name", "prefix", "blobs_prefix", "manifests_prefix", "endpoint_url", "use_path_style",
    "access_key_id", "secret_access_key", "session_token", "retry_mode", "retry_max_attempts",
}  # fmt: skip
_CONTAINER = {
    "account_url", "account_name", "secret_access_key", "container", "name", "prefix", "blobs_prefix", "manifests_prefix",
}  # fmt: skip
_SERVICE = {"url_v2", "token", "scope", "version"}
_GITHUB = "leave them out: what is there already is asked of the cache service itself"
_UNNEEDED = {
    "url": "leave it out: GitHub has switched the first cache service off; url_v2 is that of the second",
    "repository": _GITHUB,
    "ghtoken": _GITHUB,
    "timeout": "leave it out: an import has ten seconds, and an export takes as long as it has to",
    "disable_accept_encoding": "leave it out: Accept-Encoding is not among the headers that are signed here",
    "touch_refresh": "leave it out: it is for --cache-to, and what is only read is not touched",
    "upload_parallelism": "leave it out: it is for --cache-to",
}
FROM = {
    "registry": {"ref"},
    "local": {"src", "tag", "digest"},
    "s3": _BUCKET,
    "gha": _SERVICE,
    "azblob": _CONTAINER,
}
TO = {
    "inline": {"mode"},
    "registry": {"ref", "mode", *_FORM},
    "local": {"dest", "tag", "mode", "reset", *_FORM},
    "s3": {"mode", "touch_refresh", "upload_parallelism", *_BUCKET, *_FORM},
    "gha": {"mode", *_SERVICE, *_FORM},
    "azblob": {"mode", *_CONTAINER, *_FORM},
}
_MOST = 100  # of what is counted


@dataclass(frozen=True, slots=True)
class CacheFrom:
    """A cache to import: an image's name in a registry, a directory with a tag or a digest, a bucket, and the like."""

    kind: Literal["registry", "local", "s3", "gha", "azblob"]
    reference: Reference | None = None
    directory: Path = Path()
    tag: str = "latest"
    digest: Digest | None = None
    bucket: Bucket | None = None
    service: Service | None = None
    container: Container | None = None

    @property
    def name(self) -> str:
        """For people."""
        return _name(self)


@dataclass(frozen=True, slots=True)
class CacheTo:
    """A cache to export; `inline` is one in the image itself. `clean` leaves nothing in a directory that no tag names.

    `mounts` are the cache mounts that go with it, together at most `most` bytes of files. `parallel` blobs are sent at once.
    """

    kind: Literal["registry", "local", "s3", "gha", "azblob", "inline"]
    reference: Reference | None = None
    directory: Path = Path()
    tag: str = "latest"
    mode: Literal["min", "max"] = "max"
    form: Form = USUAL
    compression: Compression | None = None
    force: bool = False
    ignore_error: bool = False
    clean: bool = True
    mounts: frozenset[str] = frozenset()
    every_mount: bool = False
    most: int | None = None
    bucket: Bucket | None = None
    service: Service | None = None
    container: Container | None = None
    parallel: int | None = None

    @property
    def name(self) -> str:
        """For people."""
        return _name(self)


def _name(cache: CacheFrom | CacheTo) -> str:
    if where := cache.bucket or cache.service or cache.container:
        return str(where)
    if cache.reference:
        return cache.reference.familiar
    return f"{cache.directory}" if cache.tag == "latest" else f"{cache.directory}:{cache.tag}"


def caches_from(texts: Iterable[str]) -> tuple[CacheFrom, ...]:
    """`--cache-from`: a bare value is the name of an image. Raises UsageError, StagemillError."""
    return tuple(dict.fromkeys(_from(_Values.of("--cache-from", text, FROM)) for text in texts))


def caches_to(texts: Iterable[str]) -> tuple[CacheTo, ...]:
    """`--cache-to`, the same."""
    return tuple(dict.fromkeys(_to(_Values.of("--cache-to", text, TO)) for text in texts))


def _from(values: _Values) -> CacheFrom:
    if values.kind == "local":
        source = values.needed("src", "the directory of the cache: src=DIRECTORY")
        return CacheFrom("local", directory=Path(source), tag=values.get("tag", "latest"), digest=values.digest())
    if values.kind == "s3":
        return CacheFrom("s3", bucket=bucket(values))
    if values.kind == "gha":
        return CacheFrom("gha", service=service(values))
    if values.kind == "azblob":
        return CacheFrom("azblob", container=container(values))
    return CacheFrom("registry", values.reference())


def _to(values: _Values) -> CacheTo:
    mode = values.mode()
    if values.kind == "inline":
        if mode == "max" and "mode" in values.given:
            hint = "an image carries only its own layers; export a cache of all steps with type=registry or type=local"
            raise values.wrong("mode=max is not for type=inline", hint)
        return CacheTo("inline")
    to = CacheTo(
        "local",
        mode=mode,
        form=Form(values.truth("image-manifest", default=True), values.truth("oci-mediatypes", default=True)),
        compression=values.compression(),
        force=values.truth("force-compression", default=False),
        ignore_error=values.truth("ignore-error", default=False),
        mounts=values.mounts - {"all"},
        every_mount="all" in values.mounts,
        most=values.size("max-size"),
    )
    if to.most is not None and not values.mounts:
        raise values.wrong("max-size is of cache mounts, and there are none", "add mounts=all, or mounts=ID")
    if values.kind == "local":
        directory = Path(values.needed("dest", "a directory for the cache: dest=DIRECTORY"))
        clean = values.truth("reset", default=True)
        return replace(to, directory=directory, tag=values.get("tag", "latest"), clean=clean)
    if values.kind == "s3":
        return replace(to, kind="s3", bucket=bucket(values), parallel=values.count("upload_parallelism"))
    if values.kind == "gha":
        return replace(to, kind="gha", service=service(values))
    if values.kind == "azblob":
        return replace(to, kind="azblob", container=container(values))
    reference = values.reference()
    if reference.digest:
        raise values.wrong("a cache is written under a tag, not a digest", "write ref=REGISTRY/NAME:TAG")
    return replace(to, kind="registry", reference=reference)


@dataclass(frozen=True, slots=True)
class _Values:
    """What stands between the commas of one flag."""

    flag: str
    text: str
    kind: str
    given: Mapping[str, str]
    mounts: frozenset[str] = frozenset()

    @classmethod
    def of(cls, flag: str, text: str, kinds: Mapping[str, set[str]]) -> _Values:
        """Keys in lower case, each of them known for the type. `mounts` may stand there several times."""
        fields = _fields(flag, text)
        if len(fields) == 1 and "=" not in fields[0]:
            fields = ["type=inline"] if fields[0] == "inline" else ["type=registry", f"ref={fields[0]}"]
        pairs = [field.partition("=") for field in fields]
        given = {key.strip().lower(): value for key, _, value in pairs}
        kind = given.pop("type", "")
        mounts = frozenset(value for key, _, value in pairs if key.strip().lower() == "mounts" and value)
        values = cls(flag, text, kind, given, mounts)
        for key, equals, _ in pairs:
            if not equals:
                raise values.wrong(f"{key!r} is no key=value", f"write {flag} type=registry,ref=NAME")
        values._check_kind(kinds)
        values._check_keys(kinds[kind])
        return values

    def _check_kind(self, kinds: Mapping[str, set[str]]) -> None:
        if self.kind not in kinds:
            near = nearest(self.kind, kinds)
            what = f"unknown type {self.kind!r}" if self.kind else "it has no type"
            raise self.wrong(what, f"did you mean {near}?" if near else f"the types are {', '.join(kinds)}")

    def _check_keys(self, known: set[str]) -> None:
        for key in self.given:
            if key not in known:
                if self.kind in {"s3", "gha"} and key in _UNNEEDED:
                    raise self.wrong(f"{key} is not for {self.flag} here", _UNNEEDED[key])
                near = next((name for name in known if name == _OTHER_END.get(key)), None) or nearest(key, known)
                listed = ", ".join(sorted(known))
                hint = f"did you mean {near}?" if near else f"type={self.kind} has {listed}"
                raise self.wrong(f"unknown key {key!r} of type={self.kind}", hint)

    def wrong(self, what: str, hint: str) -> UsageError:
        """No secret is in it."""
        shown = re.sub(
            r"((?:secret_access_key|session_token|token|ghtoken)=|[?&]sig=)[^,&]*",
            r"\1***",
            self.text,
            flags=re.IGNORECASE,
        )
        return UsageError(f"invalid {self.flag} {shown!r}: {what}", hint=hint)

    def get(self, key: str, default: str = "") -> str:
        return self.given.get(key) or default

    def needed(self, key: str, what: str) -> str:
        if not self.get(key):
            raise self.wrong(f"it has no {key}", f"name {what}")
        return self.given[key]

    def truth(self, key: str, *, default: bool) -> bool:
        value = self.given.get(key)
        if value is None:
            return default
        if value.lower() not in {"true", "false", "1", "0", ""}:
            raise self.wrong(f"{key}={value} is neither true nor false", f"write {key}=true or {key}=false")
        return value.lower() in {"true", "1", ""}

    def size(self, key: str) -> int | None:
        text = self.get(key)
        try:
            return size(text) if text else None
        except ValueError as error:
            raise self.wrong(f"{key}={text} is no size", f"write {key}=500m or {key}=2g") from error

    def count(self, key: str) -> int | None:
        text = self.get(key)
        if text and (not text.isdecimal() or not 0 < int(text) <= _MOST):
            raise self.wrong(f"{key}={text} is no number from 1 to {_MOST}", f"write {key}=4")
        return int(text) if text else None

    def seconds(self, key: str, *, default: float) -> float:
        text = self.get(key)
        try:
            return durations.parse(text) / 1e9 if text else default
        except ValueError as error:
            raise self.wrong(f"{key}={text} is no time", f"write {key}=24h") from error

    def retry_mode(self) -> RetryMode:
        match self.get("retry_mode", "standard"):
            case "standard":
                return "standard"
            case "adaptive":
                return "adaptive"
            case other:
                raise self.wrong(f"unknown retry_mode {other!r}", "it is standard or adaptive")

    def mode(self) -> Literal["min", "max"]:
        match self.given.get("mode", "max"):
            case "max":
                return "max"
            case "min":
                return "min"
            case other:
                raise self.wrong(f"unknown mode {other!r}", "it is max (every step) or min (those in the image)")

    def reference(self) -> Reference:
        text = self.needed("ref", "the image that is the cache: ref=REGISTRY/NAME:TAG")
        try:
            return Reference.parse(text)
        except ValueError as error:
            raise self.wrong(str(error), "write ref=REGISTRY/NAME:TAG") from error

    def digest(self) -> Digest | None:
        text = self.get("digest")
        try:
            return Digest(text) if text else None
        except ValueError as error:
            raise self.wrong(f"{text!r} is no digest", "write digest=sha256: and 64 hex digits") from error

    def compression(self) -> Compression | None:
        """None where nothing is asked."""
        return compressions.compression(self.get("compression"), self.get("compression-level"), self.wrong)


def _fields(flag: str, text: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(text), strict=True), [])
    except csv.Error as error:
        hint = f"write {flag} type=registry,ref=NAME"
        raise UsageError(f"invalid {flag} {text!r}: {error}", hint=hint) from error
