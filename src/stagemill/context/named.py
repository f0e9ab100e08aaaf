"""`NamedContexts`: what `--build-context NAME=VALUE` puts in the place of a stage or an image.

Source: buildx, util/buildflags/context.go; BuildKit, frontend/dockerui/namedcontext.go. Names are compared in full, so that
`alpine`, `alpine:latest` and `docker.io/library/alpine` are one name. `NAME::OS/ARCH` counts for that platform only, and
before NAME alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import field
from pathlib import Path
from typing import TypeAlias

from stagemill.dockerfile.suggest import nearest
from stagemill.errors import UsageError, redacted
from stagemill.location import Location, LocationError, parse
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference
from stagemill.values import dataclass

SCRATCH = "scratch"
IMAGE = "docker-image:"
LAYOUT = "oci-layout://"
STAGE = "target:"
_RESERVED = {SCRATCH: "no files at all", "context": "the main context"}
_PLATFORM = "::"
_KINDS = ("docker-image", "oci-layout", "target", "http", "https", "git", "ssh")
_WRITE = (
    "write --build-context NAME=VALUE: a directory, docker-image://IMAGE, oci-layout://DIRECTORY, a URL or target:STAGE"
)


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory of this machine, with its own ignore file."""

    path: Path


@dataclass(frozen=True, slots=True)
class NamedImage:
    """An image by its reference, or by `oci-layout://` and a path."""

    reference: str


@dataclass(frozen=True, slots=True)
class Empty:
    """No files at all."""


@dataclass(frozen=True, slots=True)
class OtherStage:
    """A stage of the same Dockerfile, in lower case."""

    stage: str


@dataclass(frozen=True, slots=True)
class Remote:
    """What a URL names: the files of a repository, or of an archive, or a file."""

    location: Location


ContextSource: TypeAlias = Directory | NamedImage | Empty | OtherStage | Remote


@dataclass(frozen=True, slots=True)
class NamedContext:
    """A context by its short name, as people know it (`alpine`, `alpine::linux/arm64`)."""

    name: str
    source: ContextSource

    @property
    def place(self) -> str:
        """Where its files come from, as people know it; empty where that is neither a directory nor a URL."""
        match self.source:
            case Directory(path):
                return str(path)
            case Remote(location):
                return str(location)
            case _:
                return ""


@dataclass(frozen=True, slots=True)
class NamedContexts:
    """The contexts of a build, by full names."""

    by_name: Mapping[str, NamedContext] = field(default_factory=dict)

    @classmethod
    def parse(cls, texts: Iterable[str]) -> NamedContexts:
        """`NAME=VALUE` each, the last of a name. Only directories are looked at: they must exist. Raises UsageError."""
        found: dict[str, NamedContext] = {}
        for text in texts:
            try:
                full, context = _pair(text)
            except UsageError as error:
                message = f"invalid --build-context {redacted(text)!r}: {error.message}"
                raise UsageError(message, hint=error.hint) from error
            found[full] = context
        return cls(found)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(context.name for context in self.by_name.values())

    def find(self, name: str, platform: Platform) -> NamedContext | None:
        """What stands in the place of a stage's or an image's name; nothing does for what is no reference."""
        if not self.by_name or name in _RESERVED:
            return None
        try:
            full = str(Reference.parse(name))
        except ValueError:
            return None
        return self.by_name.get(f"{full}{_PLATFORM}{platform}") or self.by_name.get(full)


def _pair(text: str) -> tuple[str, NamedContext]:
    """A full name, and what has it."""
    name, equals, value = text.partition("=")
    if not equals or not name or not value:
        missing = "value" if name and equals else "name" if equals else "="
        raise UsageError(f"it has no {missing}", hint=_WRITE)
    full, short = _names(name)
    return full, NamedContext(short, _source(value))


def _names(name: str) -> tuple[str, str]:
    """The full name and the short one."""
    image, separator, platform = name.partition(_PLATFORM)
    try:
        reference = Reference.parse(image)
        suffix = f"{separator}{Platform.parse(platform)}" if separator else ""
    except ValueError as error:
        hint = "a name is that of a stage or an image, such as base, alpine:3.20 or alpine::linux/arm64"
        raise UsageError(str(error), hint=hint) from error
    short = reference.familiar.removesuffix(":latest")
    if short in _RESERVED:
        hint = "choose another name, and use that in the Dockerfile"
        raise UsageError(f"{short} is always {_RESERVED[short]}", hint=hint)
    return f"{reference}{suffix}", f"{short}{suffix}"


def _source(value: str) -> ContextSource:
    if value.startswith(IMAGE):
        return _image(value.removeprefix(IMAGE).removeprefix("//"))
    if value.startswith(LAYOUT):
        if value == LAYOUT:
            raise UsageError("it names no directory", hint="write oci-layout://DIRECTORY:TAG")
        return NamedImage(value)
    if value.startswith(STAGE):
        return OtherStage(value.removeprefix(STAGE).lower())
    if not os.path.isdir(value) and (location := _location(value)):
        return Remote(location)
    kind, separator, _ = value.partition("://")
    if separator:
        raise UsageError(f"unknown kind {kind!r}", hint=_kind_hint(kind))
    return _directory(Path(value))


def _location(value: str) -> Location | None:
    try:
        return parse(value)
    except LocationError as error:
        raise UsageError(error.message, hint=error.hint) from error


def _image(reference: str) -> ContextSource:
    if reference == SCRATCH:
        return Empty()
    try:
        Reference.parse(reference)
    except ValueError as error:
        hint = "write docker-image://NAME:TAG"
        raise UsageError(str(error), hint=hint) from error
    return NamedImage(reference)


def _directory(path: Path) -> Directory:
    if os.path.isdir(path):
        return Directory(path)
    if os.path.exists(path):
        hint = "name a directory; files of an archive become one with tar -x"
        raise UsageError(f"{path} is no directory", hint=hint)
    raise UsageError(f"there is no directory {path}", hint=_nearest(path))


def _kind_hint(kind: str) -> str:
    near = nearest(kind, _KINDS)
    return f"did you mean {near}:{'' if near == 'target' else '//'}?" if near else _WRITE


def _nearest(path: Path) -> str:
    """A directory that was probably meant, or what else the text may be."""
    try:
        names = [item.name for item in path.parent.iterdir() if item.is_dir()]
    except (OSError, ValueError):
        names = []
    if near := nearest(path.name, names):
        return f"did you mean {path.parent / near}?"
    return f"name a directory that exists; an image is docker-image://{path}, a stage target:{path.name}"
