"""What a build reads: the Dockerfile and the context, from a directory, a file, standard input or a URL."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from stagemill.cli.directories import opened
from stagemill.context import load
from stagemill.dockerfile.parser import parse
from stagemill.dockerfile.tree import Dockerfile
from stagemill.errors import ContextError, UsageError
from stagemill.location import HttpLocation, Location, LocationError
from stagemill.location import parse as parse_location
from stagemill.plan.request import FileContext
from stagemill.store.store import Store

if TYPE_CHECKING:
    from stagemill.cli.remote import Remote

_STDIN = "-"


@dataclass(frozen=True, slots=True)
class Inputs:
    """A parsed Dockerfile with the context it is built in, if there is one."""

    dockerfile: Dockerfile
    context: FileContext | None


@contextmanager
def open_inputs(context: str, file: str | None, *, store: Store, remote: Remote) -> Iterator[Inputs]:
    """Reads the Dockerfile and opens the context; `-` is standard input, and both may be URLs. Raises StagemillError."""
    if context == _STDIN:
        if file == _STDIN:
            raise UsageError("standard input cannot be both the context and the Dockerfile")
        with _piped(sys.stdin.buffer, file, store=store, remote=remote) as inputs:
            yield inputs
        return
    folder = Path(context)
    location = None if folder.is_dir() else _location(context)
    if location:
        with _fetched(location, file, remote) as inputs:
            yield inputs
        return
    _check(folder)
    dockerfile, beside = _beside(folder, file, remote)
    with opened(folder, load.ignore_rules(folder, dockerfile=beside), store=store) as main:
        yield Inputs(dockerfile, main)


@contextmanager
def _fetched(location: Location, file: str | None, remote: Remote) -> Iterator[Inputs]:
    """A repository or an archive with everything, or a Dockerfile alone. An absolute `-f` is a file of this machine."""
    with remote.context(location) as found:
        if found.text is not None and file is not None:
            raise UsageError(
                f"{location} is a Dockerfile, and -f {file} names another one", hint="leave one of them out"
            )
        if found.text is not None:
            dockerfile = parse(found.text, str(location))
        elif file is not None and os.path.isabs(file):
            dockerfile, _ = _beside(Path(), file, remote)
        else:
            dockerfile = _within(found.context, file, remote)
        yield Inputs(dockerfile, found.context)


def _location(text: str | None) -> Location | None:
    """What a URL means; None for a path. Raises UsageError."""
    try:
        return parse_location(text) if text else None
    except LocationError as error:
        raise UsageError(error.message, hint=error.hint) from error


def _check(folder: Path) -> None:
    if folder.is_dir():
        return
    found = f"is no directory: {folder}" if folder.exists() else f"does not exist: {folder}"
    hint = "name the directory that holds the files; -f names the Dockerfile"
    raise ContextError(f"the build context {found}", hint=hint)


def _beside(folder: Path, file: str | None, remote: Remote) -> tuple[Dockerfile, Path | None]:
    """The Dockerfile of a directory, and where it lies, if it does so on this machine."""
    if elsewhere := _elsewhere(file, remote):
        return elsewhere, None
    text = load.dockerfile(folder, given=located(file, folder))
    return parse(text.data, text.name), text.path


def _within(context: FileContext, file: str | None, remote: Remote) -> Dockerfile:
    """The Dockerfile of a context that was sent or fetched: in it, unless `-f` says otherwise."""
    if elsewhere := _elsewhere(file, remote):
        return elsewhere
    text = load.dockerfile_in(context.view, context.title, given=file)
    return parse(text.data, text.name)


def _elsewhere(file: str | None, remote: Remote) -> Dockerfile | None:
    """The Dockerfile on standard input or at a URL."""
    if file == _STDIN:
        return parse(_read(sys.stdin.buffer), load.DOCKERFILE)
    location = None if file and Path(file).exists() else _location(file)
    if isinstance(location, HttpLocation):
        return parse(remote.dockerfile(location), str(location))
    if location:
        hint = "give the repository as the context, and the Dockerfile in it with -f"
        raise UsageError(f"-f {location} is a repository, not a Dockerfile", hint=hint)
    return None


def located(file: str | None, folder: Path) -> Path | None:
    """The Dockerfile that was named: from the working directory, or, where it is not there, from the context."""
    if file is None:
        return None
    path = Path(file)
    return path if path.exists() or not (folder / path).exists() else folder / path


@contextmanager
def _piped(stream: BinaryIO, file: str | None, *, store: Store, remote: Remote) -> Iterator[Inputs]:
    """A tar with everything, or a Dockerfile alone."""
    from stagemill.context.archive import HEAD, is_archive, unpack_context

    if stream.isatty():
        raise UsageError("no context: standard input is a terminal", hint="stagemill build . builds this directory")
    head = stream.read(HEAD)
    if not is_archive(head):
        data = head + _read(stream)
        if not data.strip():
            raise ContextError("standard input is empty", hint="pipe a Dockerfile or a tar into it")
        if file is not None:
            message = f"standard input is a Dockerfile, and -f {file} names another one"
            raise UsageError(message, hint="pipe a tar of the context, or name a directory instead of -")
        yield Inputs(parse(data, load.DOCKERFILE), None)
        return
    with store.scratch() as scratch:
        unpack_context(_Joined(head, stream), scratch)
        with opened(scratch, None, store=store) as main:
            yield Inputs(_within(main, file, remote), main)


@dataclass(slots=True)
class _Joined:
    """A stream whose beginning has been read already."""

    head: bytes
    rest: BinaryIO

    def read(self, size: int, /) -> bytes:
        if self.head:
            data, self.head = self.head[:size], self.head[size:]
            return data
        return self.rest.read(size)


def _read(stream: BinaryIO) -> bytes:
    data = stream.read(load.MOST_BYTES + 1)
    return load.checked(data, "the Dockerfile on standard input")
