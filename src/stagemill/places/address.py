"""`Address`: where an image is, or is to be, in words that `copy`, `inspect` and `index` share.

    docker://NAME[:TAG][@DIGEST]        a registry
    NAME[:TAG], or an id                the local store
    oci:DIR[:TAG][@DIGEST]              the directory of an OCI image layout; `oci-layout://` is the same
    oci-archive:FILE[:TAG][@DIGEST]     such a layout in a tar archive
    docker-archive:FILE[:NAME[:TAG]]    an archive of `docker save`

Source: containers-transports(5), whose words these are; `oci-layout://` is buildx's. As there, a path ends at its first colon.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from stagemill.digest import Digest
from stagemill.dockerfile.suggest import nearest
from stagemill.errors import UsageError
from stagemill.oci.reference import Reference
from stagemill.regex import regex
from stagemill.values import dataclass

REGISTRY = "docker://"
LAYOUTS = ("oci-layout://", "oci:")
OCI_ARCHIVE = "oci-archive:"
DOCKER_ARCHIVE = "docker-archive:"
_KNOWN = (REGISTRY, *LAYOUTS, OCI_ARCHIVE, DOCKER_ARCHIVE)
_OTHERS = {
    "containers-storage:": "podman and buildah keep their images for themselves: podman save writes an archive",
    "docker-daemon:": "docker keeps its images for itself: docker save writes an archive, docker load reads one",
    "docker-image:": "write docker://NAME",
    "dir:": "write oci:DIRECTORY, a layout that every tool reads",
}
_SCHEME = regex(r"([a-z][a-z-]*):(?://)")
PLACES = "places are docker://NAME, oci:DIRECTORY, oci-archive:FILE, docker-archive:FILE, and a NAME of the store"


@dataclass(frozen=True, slots=True)
class InRegistry:
    reference: Reference

    def __str__(self) -> str:
        return f"{REGISTRY}{self.reference.familiar}"


@dataclass(frozen=True, slots=True)
class InStore:
    """`name` is as it was written: a reference, or an id."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class InLayout:
    """Of tag and digest either may be empty; a digest may be of what no tag leads to."""

    path: Path
    tag: str = ""
    digest: Digest | None = None

    def __str__(self) -> str:
        return _joined(LAYOUTS[-1], self)


@dataclass(frozen=True, slots=True)
class InArchive:
    """A layout in a tar."""

    path: Path
    tag: str = ""
    digest: Digest | None = None

    def __str__(self) -> str:
        return _joined(OCI_ARCHIVE, self)


@dataclass(frozen=True, slots=True)
class InDockerArchive:
    path: Path
    reference: Reference | None = None

    def __str__(self) -> str:
        return f"{DOCKER_ARCHIVE}{self.path}{f':{self.reference.familiar}' if self.reference else ''}"


Address: TypeAlias = InRegistry | InStore | InLayout | InArchive | InDockerArchive


def is_address(text: str) -> bool:
    """Whether a text says in so many words where an image is."""
    return text.startswith((*_KNOWN, *_OTHERS))


def parse(text: str) -> Address:
    """Raises UsageError with what to write."""
    for prefix, hint in _OTHERS.items():
        if text.startswith(prefix):
            raise UsageError(f"{text}: {prefix} is no place that is read or written here", hint=hint)
    prefix = next((known for known in _KNOWN if text.startswith(known)), "")
    rest = text.removeprefix(prefix)
    if prefix == REGISTRY:
        return InRegistry(_reference(rest, text))
    if prefix in LAYOUTS:
        return InLayout(*_parts(rest, text))
    if prefix == OCI_ARCHIVE:
        return InArchive(*_parts(rest, text))
    if prefix == DOCKER_ARCHIVE:
        path, _, name = rest.partition(":")
        return InDockerArchive(_path(path, text), _reference(name, text) if name else None)
    if not prefix and (scheme := _SCHEME.match(text)):
        near = nearest(scheme[1], [known.rstrip(":/") for known in _KNOWN])
        told = next((known for known in _KNOWN if near and known.startswith(near)), "")
        raise UsageError(f"{text}: there is no place {scheme[0]}", hint=f"did you mean {told}?" if told else PLACES)
    if not rest:
        raise UsageError(f"{text!r} names no image", hint=PLACES)
    return InStore(rest)


def _reference(name: str, whole: str) -> Reference:
    try:
        return Reference.parse(name)
    except ValueError as error:
        raise UsageError(f"{whole}: {error}", hint="write docker://REGISTRY/NAME:TAG") from error


def _parts(rest: str, whole: str) -> tuple[Path, str, Digest | None]:
    """Path, tag and digest; the last two may be there or not."""
    front, at, text = rest.rpartition("@sha256:")
    path, _, tag = (front if at else rest).partition(":")
    if "@" in tag:
        raise UsageError(f"{whole}: {tag!r} is no tag", hint="write @sha256: and 64 hex digits for a digest")
    try:
        digest = Digest.from_hex(text) if at else None
    except ValueError as error:
        raise UsageError(f"{whole}: {error}", hint="write @sha256: and 64 hex digits") from error
    return _path(path, whole), tag, digest


def _path(text: str, whole: str) -> Path:
    if not text:
        raise UsageError(f"{whole} names no file", hint=PLACES)
    return Path(text)


def _joined(prefix: str, place: InLayout | InArchive) -> str:
    tag = f":{place.tag}" if place.tag else ""
    return f"{prefix}{place.path}{tag}{f'@{place.digest}' if place.digest else ''}"
