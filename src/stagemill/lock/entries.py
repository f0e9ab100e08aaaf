"""`Lock`: what names stand for: images, files and repositories at URLs, and the lock files of languages, by digest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import TypeAlias

from stagemill.digest import Digest
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Variant:
    """The image for a platform: its manifest, the bytes of all that is pulled of it, and when it was made."""

    platform: str
    digest: Digest
    size: int
    created: str = ""


@dataclass(frozen=True, slots=True)
class LockedImage:
    """`name` is complete (`docker.io/library/alpine:3.20`), `digest` what it stands for, an index where there is one.

    `variants` are for the platforms that somebody asked for. Those of an index follow from its digest, as do the others.
    """

    name: str
    digest: Digest
    variants: tuple[Variant, ...] = ()

    @property
    def key(self) -> str:
        return self.name

    @property
    def familiar(self) -> str:
        return Reference.parse(self.name).familiar

    def of(self, platform: Platform | None) -> Digest:
        """The manifest for a platform where it is listed, else what the name stands for."""
        wanted = platform.full if platform else None
        return next((each.digest for each in self.variants if each.platform == wanted), self.digest)


@dataclass(frozen=True, slots=True)
class LockedFile:
    """A file at a URL; `size` is in bytes."""

    url: str
    digest: Digest
    size: int

    @property
    def key(self) -> str:
        return self.url


@dataclass(frozen=True, slots=True)
class LockedRepository:
    """A ref of a repository; `found` is its full name, `checksum` what the Dockerfile says of the commit."""

    url: str
    ref: str
    commit: str
    found: str = ""
    checksum: str = ""

    @property
    def key(self) -> str:
        return f"{self.url}#{self.ref}" if self.ref else self.url

    def fits(self, checksum: str) -> bool:
        """Whether it is what a Dockerfile with this checksum means; that may also be the beginning of a tag's own name."""
        return not checksum or checksum == self.checksum or self.commit.startswith(checksum)


@dataclass(frozen=True, slots=True)
class LockedPackages:
    """A language's lock file that a COPY or a bind mount reads; `context` is the name of the context that has it."""

    path: str
    digest: Digest
    context: str = "context"

    @property
    def key(self) -> str:
        return self.path if self.context == "context" else f"{self.context}:{self.path}"


@dataclass(frozen=True, slots=True)
class LockedSnapshot:
    """A day of a distribution's archive that a RUN installs from, such as `20240501T000000Z`."""

    manager: str
    time: str

    @property
    def key(self) -> str:
        return f"{self.manager} {self.time}"


Entry: TypeAlias = LockedImage | LockedFile | LockedRepository | LockedPackages | LockedSnapshot
KINDS: dict[type, str] = {
    LockedImage: "image",
    LockedFile: "file",
    LockedRepository: "git",
    LockedPackages: "packages",
    LockedSnapshot: "snapshot",
}
"""What people call the kinds, in the order of the file."""


@dataclass(frozen=True, slots=True)
class Lock:
    """Each entry once, by kind and key; a lock is the same whatever order they came in."""

    entries: tuple[Entry, ...] = field(default_factory=tuple)

    def __post_init__(self) -> None:
        kinds = list(KINDS)
        ordered = sorted(self.entries, key=lambda entry: (kinds.index(type(entry)), entry.key))
        object.__setattr__(self, "entries", tuple(ordered))

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def image(self, name: str) -> LockedImage | None:
        return next((each for each in self.entries if isinstance(each, LockedImage) and each.name == name), None)

    def file(self, url: str) -> LockedFile | None:
        return next((each for each in self.entries if isinstance(each, LockedFile) and each.url == url), None)

    def repository(self, url: str, ref: str) -> LockedRepository | None:
        found = (each for each in self.entries if isinstance(each, LockedRepository))
        return next((each for each in found if (each.url, each.ref) == (url, ref)), None)

    def packages(self, context: str, path: str) -> LockedPackages | None:
        found = (each for each in self.entries if isinstance(each, LockedPackages))
        return next((each for each in found if (each.context, each.path) == (context, path)), None)

    def snapshot(self, key: str) -> LockedSnapshot | None:
        return next((each for each in self.entries if isinstance(each, LockedSnapshot) and each.key == key), None)
