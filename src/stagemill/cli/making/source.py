"""What a build reads: the Dockerfile and the context, from a directory, a file, standard input or a URL."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from stagemill.cli.making.directories import opened
from stagemill.context import load
from stagemill.dockerfile.tree import Dockerfile
from stagemill.errors import ContextError, UsageError
from stagemill.location import HttpLocation, Location, LocationError
from stagemill.location import parse as parse_location
from stagemill.plan.request import FileContext
from stagemill.store.store import Store
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.cli.making.remote import Remote

Read: TypeAlias = Callable[[bytes, str], Dockerfile]
"""Makes a Dockerfile of bytes and a name."""

_STDIN = "-"
_DOCKERFILE = "dockerfile"  # what BuildKit calls the files that a Dockerfile is sent with


@dataclass(frozen=True, slots=True)
class Inputs:
    """A parsed Dockerfile with the context it is built in, if there is one."""

    dockerfile: Dockerfile
    context: FileContext | None


@contextmanager
def open_inputs(
    context: str, file: str | None, *, store: Store, remote: Remote, read: Read, ignore_file: str | None = None
) -> Iterator[Inputs]:
    """Reads the Dockerfile and opens the context; `-` is standard input, and both may be URLs. Raises StagemillError.

    `ignore_file` takes the place of those that a build would find.
    """
    with _Opener(store, remote, read, ignore_file).open(context, file) as inputs:
        yield inputs


class _Opener:
    def __init__(self, store: Store, remote: Remote, read: Read, ignore_file: str | None) -> None:
        self._store = store
        self._remote = remote
        self._read = read
        self._ignore_file = ignore_file

    @contextmanager
    def open(self, context: str, file: str | None) -> Iterator[Inputs]:
        folder = Path(context)
        location = None if context == _STDIN or folder.is_dir() else _location(context)
        if self._ignore_file is not None and (location or context == _STDIN):
            hint = "leave it out, or leave the files out of the context"
            raise UsageError("--ignorefile is for a directory", hint=hint)
        if context == _STDIN:
            if file == _STDIN:
                hint = "name a directory or a URL, or leave -f out: the Dockerfile is then in the tar"
                raise UsageError("standard input cannot be both the context and the Dockerfile", hint=hint)
            with self._piped(sys.stdin.buffer, file) as inputs:
                yield inputs
            return
        if location:
            with self._fetched(location, file) as inputs:
                yield inputs
            return
        _check(folder)
        dockerfile, beside = self._beside(folder, file)
        if self._ignore_file is None:
            rules = load.ignore_rules(folder, dockerfile=beside)
        else:
            rules = load.rules_of(Path(self._ignore_file), flag="--ignorefile")
        with opened(folder, rules, store=self._store) as main:
            yield Inputs(dockerfile, main)

    @contextmanager
    def _fetched(self, location: Location, file: str | None) -> Iterator[Inputs]:
        """A repository or an archive with everything, or a Dockerfile alone. An absolute `-f` is a file of this machine."""
        with self._remote.context(location) as found:
            if found.text is not None and file is not None:
                raise UsageError(
                    f"{location} is a Dockerfile, and -f {file} names another one", hint="leave one of them out"
                )
            if found.text is not None:
                dockerfile = self._read(found.text, str(location))
            elif file is not None and os.path.isabs(file):
                dockerfile, _ = self._beside(Path(), file)
            else:
                dockerfile = self._within(found.context, file)
            yield Inputs(dockerfile, found.context)

    @contextmanager
    def _piped(self, stream: BinaryIO, file: str | None) -> Iterator[Inputs]:
        """A tar with everything, or a Dockerfile alone."""
        from stagemill.context.archive import HEAD, is_archive, unpack_context

        if stream.isatty():
            raise UsageError("no context: standard input is a terminal", hint="stagemill build . builds this directory")
        head = stream.read(HEAD)
        if not is_archive(head):
            data = head + _all_of(stream)
            if not data.strip():
                raise ContextError("standard input is empty", hint="pipe a Dockerfile or a tar into it")
            if file is not None:
                message = f"standard input is a Dockerfile, and -f {file} names another one"
                raise UsageError(message, hint="pipe a tar of the context, or name a directory instead of -")
            yield Inputs(self._read(data, load.DOCKERFILE), None)
            return
        with self._store.scratch() as scratch:
            unpack_context(_Joined(head, stream), scratch)
            with opened(scratch, None, store=self._store) as main:
                yield Inputs(self._within(main, file), main)

    def _beside(self, folder: Path, file: str | None) -> tuple[Dockerfile, Path | None]:
        """The Dockerfile of a directory, and where it lies, if it does so on this machine."""
        if elsewhere := self._elsewhere(file):
            return elsewhere, None
        self._remote.admit_files(_DOCKERFILE)
        text = load.dockerfile(folder, given=located(file, folder))
        return self._read(text.data, text.name), text.path

    def _within(self, context: FileContext, file: str | None) -> Dockerfile:
        """The Dockerfile of a context that was sent or fetched: in it, unless `-f` says otherwise."""
        if elsewhere := self._elsewhere(file):
            return elsewhere
        text = load.dockerfile_in(context.view, context.title, given=file)
        return self._read(text.data, text.name)

    def _elsewhere(self, file: str | None) -> Dockerfile | None:
        """The Dockerfile on standard input or at a URL."""
        if file == _STDIN:
            return self._read(_all_of(sys.stdin.buffer), load.DOCKERFILE)
        location = None if file and Path(file).exists() else _location(file)
        if isinstance(location, HttpLocation):
            return self._read(self._remote.dockerfile(location), str(location))
        if location:
            hint = "give the repository as the context, and the Dockerfile in it with -f"
            raise UsageError(f"-f {location} is a repository, not a Dockerfile", hint=hint)
        return None


def _location(text: str | None) -> Location | None:
    """What a URL means; None for a path. Raises UsageError."""
    try:
        return parse_location(text) if text else None
    except LocationError as error:
        raise UsageError(error.message, hint=error.hint) from error


def _check(folder: Path) -> None:
    if folder.is_dir():
        return
    hint: str | None = "name the directory that holds the files; -f names the Dockerfile"
    if folder.exists():
        raise ContextError(f"the build context is no directory: {folder}", hint=hint)
    from stagemill.cli.frame.near import near_path

    raise ContextError(f"the build context does not exist: {folder}", hint=near_path(folder, directory=True) or hint)


def located(file: str | None, folder: Path) -> Path | None:
    """The Dockerfile that was named: from the working directory, or, where it is not there, from the context."""
    if file is None:
        return None
    path = Path(file)
    return path if path.exists() or not (folder / path).exists() else folder / path


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


def _all_of(stream: BinaryIO) -> bytes:
    data = stream.read(load.MOST_BYTES + 1)
    return load.checked(data, "the Dockerfile on standard input")
