"""`CacheFrom` and `CacheTo`, the values of --cache-from and --cache-to. Spelling: buildx's; mode=max where nothing is said."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from stagemill.cache.documents import USUAL, Form
from stagemill.cache.s3 import Bucket
from stagemill.cli import compressions
from stagemill.digest import Digest
from stagemill.dockerfile.suggest import nearest
from stagemill.errors import StagemillError, UsageError
from stagemill.layer.compression import Compression
from stagemill.oci.reference import Reference
from stagemill.sandbox.limits import size
from stagemill.values import dataclass

_LATER = ("azblob", "gha")
_OTHER_END = {"src": "dest", "dest": "src"}
_FORM = {
    "image-manifest", "oci-mediatypes", "compression", "compression-level", "force-compression", "ignore-error",
    "mounts", "max-size",
}  # fmt: skip
_BUCKET = {
    "bucket", "region", "name", "prefix", "blobs_prefix", "manifests_prefix", "endpoint_url", "use_path_style",
    "access_key_id", "secret_access_key", "session_token",
}  # fmt: skip
FROM = {
    "registry": {"ref"},
    "local": {"src", "tag", "digest"},
    "s3": _BUCKET,
}
TO = {
    "inline": {"mode"},
    "registry": {"ref", "mode", *_FORM},
    "local": {"dest", "tag", "mode", "reset", *_FORM},
    "s3": {"mode", *_BUCKET, *_FORM},
}


@dataclass(frozen=True, slots=True)
class CacheFrom:
    """A cache to import: an image's name in a registry, a directory with a tag or a digest, or a bucket."""

    kind: Literal["registry", "local", "s3"]
    reference: Reference | None = None
    directory: Path = Path()
    tag: str = "latest"
    digest: Digest | None = None
    bucket: Bucket | None = None

    @property
    def name(self) -> str:
        """For people."""
        return _name(self)


@dataclass(frozen=True, slots=True)
class CacheTo:
    """A cache to export; `inline` is one in the image itself. `clean` leaves nothing in a directory that no tag names.

    `mounts` are the cache mounts that go with it, together at most `most` bytes of files.
    """

    kind: Literal["registry", "local", "s3", "inline"]
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

    @property
    def name(self) -> str:
        """For people."""
        return _name(self)


def _name(cache: CacheFrom | CacheTo) -> str:
    if cache.bucket:
        return str(cache.bucket)
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
        return CacheFrom("s3", bucket=_bucket(values))
    return CacheFrom("registry", values.reference())


def _bucket(values: _Values) -> Bucket:
    """The keys are BuildKit's. What is not said is the environment's, or what boto3 finds."""
    names = tuple(name for name in values.get("name", "stagemill").split(";") if name)
    bucket = values.get("bucket") or os.environ.get("AWS_BUCKET", "")
    if not bucket:
        raise values.wrong("it has no bucket", "name one: bucket=NAME, or AWS_BUCKET in the environment")
    return Bucket(
        bucket,
        names or ("stagemill",),
        region=values.get("region") or os.environ.get("AWS_REGION", ""),
        prefix=values.get("prefix"),
        blobs=values.get("blobs_prefix", "blobs/"),
        manifests=values.get("manifests_prefix", "manifests/"),
        endpoint=values.get("endpoint_url"),
        path_style=values.truth("use_path_style", default=False),
        access_key=values.get("access_key_id"),
        secret_key=values.get("secret_access_key"),
        session_token=values.get("session_token"),
    )


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
        return replace(to, kind="s3", bucket=_bucket(values))
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
        if self.kind in _LATER:
            known = ", ".join(kinds)
            raise StagemillError(f"{self.flag} type={self.kind} is not supported yet", hint=f"there are {known}")
        if self.kind not in kinds:
            near = nearest(self.kind, kinds)
            what = f"unknown type {self.kind!r}" if self.kind else "it has no type"
            raise self.wrong(what, f"did you mean {near}?" if near else f"the types are {', '.join(kinds)}")

    def _check_keys(self, known: set[str]) -> None:
        for key in self.given:
            if key not in known:
                near = next((name for name in known if name == _OTHER_END.get(key)), None) or nearest(key, known)
                listed = ", ".join(sorted(known))
                hint = f"did you mean {near}?" if near else f"type={self.kind} has {listed}"
                raise self.wrong(f"unknown key {key!r} of type={self.kind}", hint)

    def wrong(self, what: str, hint: str) -> UsageError:
        """No secret is in it."""
        shown = re.sub(r"(secret_access_key|session_token)=[^,]*", r"\1=***", self.text, flags=re.IGNORECASE)
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
